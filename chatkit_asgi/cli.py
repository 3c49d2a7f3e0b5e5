"""The command line: `chatkit-asgi serve`, `migrate`, `threads`, `check`."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

import uvicorn
from pydantic import ValidationError

from chatkit_asgi import __version__
from chatkit_asgi.application import open_store
from chatkit_asgi.checks import check
from chatkit_asgi.errors import ChatKitError
from chatkit_asgi.logs import configure
from chatkit_asgi.settings import Settings, variable_of
from chatkit_asgi.store.sql import SQLAlchemyStore, difference, migrate, migration_sql
from chatkit_asgi.types import ActiveStatus, ClosedStatus, LockedStatus
from chatkit_asgi.web.heads import protocol

__all__ = ["main"]

T = TypeVar("T")

STATUSES = {
    "lock": (LockedStatus, "let it take no input for now"),
    "close": (ClosedStatus, "let it take no input any more"),
    "open": (ActiveStatus, "let it take input again"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what was asked, 1 when it could not."""
    options = _parser().parse_args(arguments)
    # CHATKIT_AGENT and CHATKIT_SERVER name modules as they are seen from here, as uvicorn sees them
    sys.path.insert(0, "")
    try:
        return int(options.run(options, Settings()))
    except ValidationError as exc:
        print(f"chatkit-asgi: {_explain(exc)}", file=sys.stderr)
    except ChatKitError as exc:
        print(f"chatkit-asgi: {exc}", file=sys.stderr)
    return 1


def _explain(exc: ValidationError) -> str:
    """The faults in the operator's terms: which variable, and what is wrong with it."""
    faults = (
        ": ".join(
            [
                *(variable_of(str(name)) for name in fault["loc"][:1]),
                fault["msg"].removeprefix("Value error, "),
            ]
        )
        for fault in exc.errors(include_url=False, include_input=False)
    )
    return "the settings are not valid. " + "; ".join(faults)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chatkit-asgi", description="A self-hosted ChatKit backend.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the app")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    serve.set_defaults(run=_serve)

    upgrade = commands.add_parser("migrate", help="bring the database up to date")
    upgrade.add_argument("revision", nargs="?", default="head", help="where to (default: %(default)s)")
    instead = upgrade.add_mutually_exclusive_group()
    instead.add_argument(
        "--sql", action="store_true", help="only print the statements; from another revision: FROM:TO"
    )
    instead.add_argument("--check", action="store_true", help="only look whether the database is up to date")
    upgrade.set_defaults(run=_migrate)

    _add_threads(commands)
    commands.add_parser("check", help="look whether the settings work").set_defaults(run=_check)
    return parser


def _add_threads(commands: Any) -> None:  # Any: argparse hides the type
    threads = commands.add_parser("threads", help="lock, close or open a conversation")
    verbs = threads.add_subparsers(required=True, metavar="VERB")
    for verb, (kind, what) in STATUSES.items():
        parser = verbs.add_parser(verb, help=what)
        parser.add_argument("id", metavar="ID", help="the thread's id, thr_…")
        if kind is not ActiveStatus:
            parser.add_argument("--reason", help="a sentence for its user")
        parser.set_defaults(run=_set_status, kind=kind)


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    # our own line per request replaces uvicorn's, which would write signed links into the log
    uvicorn.run(
        "chatkit_asgi:app",
        host=options.host,
        port=options.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        # where proxies are named the app listens to them itself, and also has to see their own address
        proxy_headers=not settings.trusted_proxies,
        timeout_graceful_shutdown=10,
        http=protocol(settings.head_timeout),
    )
    return 0


def _migrate(options: argparse.Namespace, settings: Settings) -> int:
    configure(settings.log_level, settings.secrets())
    store = open_store(settings)
    if options.sql:
        print(migration_sql(store.engine.dialect.name, options.revision))
        return 0
    if options.check:
        found = asyncio.run(_and_close(store, difference(store.engine)))
        print(found or "the database is up to date", file=sys.stderr if found else sys.stdout)
        return 1 if found else 0
    asyncio.run(_and_close(store, migrate(store.engine, options.revision)))
    print(f"the database is at revision {options.revision}")
    return 0


def _set_status(options: argparse.Namespace, settings: Settings) -> int:
    reason = getattr(options, "reason", None)
    status = options.kind(reason=reason) if reason else options.kind()
    store = open_store(settings)
    asyncio.run(_and_close(store, store.set_status(options.id, status)))
    print(f"the thread {options.id} is {status.type}")
    return 0


async def _and_close(store: SQLAlchemyStore[Any], work: Awaitable[T]) -> T:
    """The outcome of the work, after which the store is closed."""
    try:
        return await work
    finally:
        await store.aclose()


def _check(options: argparse.Namespace, settings: Settings) -> int:
    failures = 0
    for name, outcome in asyncio.run(check(settings)):
        failures += isinstance(outcome, Exception)
        print(f"{'FAILED' if isinstance(outcome, Exception) else 'ok':6}  {name}: {outcome}")
    return 1 if failures else 0
