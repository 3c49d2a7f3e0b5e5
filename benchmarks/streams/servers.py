"""The apps in processes of their own, on each place that turns are kept in, and what they are asked."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from sqlalchemy.engine import make_url

from benchmarks.candidates import OURS
from benchmarks.http import Server, serving
from benchmarks.store.databases import database
from benchmarks.turns import add_user_message

__all__ = ["MEMORY", "create_thread", "running"]

MEMORY = "memory"
SETTINGS = {
    "CHATKIT_SERVER": "benchmarks.streams.apps:our_server",
    "CHATKIT_AUTO_MIGRATE": "1",
    "CHATKIT_MAX_TURNS": "0",
    "CHATKIT_LOG_LEVEL": "ERROR",
}


@contextmanager
def running(place: str, names: Sequence[str]) -> Iterator[dict[str, Server]]:
    """A server for each name, which keeps everything in memory or in a database of its own."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_running(place, name)) for name in names}


@contextmanager
def _running(place: str, name: str) -> Iterator[Server]:
    with ExitStack() as stack:
        settings = dict(SETTINGS)
        if place != MEMORY and name.startswith((OURS.name, "no log")):
            url = make_url(stack.enter_context(database(place)))
            settings["CHATKIT_DATABASE_URL"] = url.render_as_string(hide_password=False)
        yield stack.enter_context(serving(name, settings, module="benchmarks.streams.serve"))


def create_thread(text: str) -> bytes:
    """The request that asks that in a new thread."""
    message = json.loads(add_user_message("", text))["params"]["input"]
    return json.dumps({"type": "threads.create", "params": {"input": message}}).encode()
