"""The factory: builds the backends, the server, the routes and the lifespan. Only here are backends named.

Contexts are `Any` in this module: they are whatever `authenticate` gives.
"""

import gc
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from chatkit_asgi.attachments import BlobAttachmentStore, BlobSweeper, PlaceAccess, Quota, Signer
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.auth import Authenticate, choose, locale_of, open_sessions
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.lifetime import Lifetime
from chatkit_asgi.loading import load
from chatkit_asgi.locale import language_of, prefer, user_text
from chatkit_asgi.logs import configure
from chatkit_asgi.server import ChatKitServer, deleted_frame, failure_frame, recover_turn, timeout_frame
from chatkit_asgi.servers import create_server
from chatkit_asgi.settings import Settings
from chatkit_asgi.store import AttachmentStore, Store
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, is_current, migrate
from chatkit_asgi.streams import LastWords, TurnLog, TurnRecord, TurnRunner
from chatkit_asgi.streams.memory import MemoryTurnLog
from chatkit_asgi.streams.sql import SQLTurnLog
from chatkit_asgi.web.chatkit import ChatKitEndpoint
from chatkit_asgi.web.composer import composer_routes
from chatkit_asgi.web.errors import HANDLERS
from chatkit_asgi.web.health import health_routes
from chatkit_asgi.web.limits import RequestLimits
from chatkit_asgi.web.metrics import metrics_routes
from chatkit_asgi.web.middleware import PageMiddleware, RequestMiddleware
from chatkit_asgi.web.playground import page_routes
from chatkit_asgi.web.proxies import ProxyMiddleware
from chatkit_asgi.web.rates import RateLimiter, RateRules
from chatkit_asgi.web.sessions import session_routes
from chatkit_asgi.web.threads import thread_routes
from chatkit_asgi.web.turns import TurnDesk, turn_routes
from chatkit_asgi.web.uploads import upload_routes

__all__ = [
    "app_from_environment",
    "create_app",
    "create_files",
    "open_blobs",
    "open_store",
    "prepare",
]

logger = logging.getLogger(__name__)

LOCAL_PAGES = r"https?://(localhost|127(\.\d+){3}|\[::1\])(:\d+)?"
"""Origins of pages that are served from the user's own machine."""
LAST_SECONDS = 1.0
"""What the last words of all answers may take, before a server cuts their connections."""


def create_app(
    settings: Settings | None = None,
    *,
    agent: Any = None,  # of the Agents SDK, or a function: see FunctionServer
    server: ChatKitServer[Any] | None = None,
    store: Store[Any] | None = None,
    attachment_store: AttachmentStore[Any] | None = None,
    authenticate: Authenticate | None = None,
) -> Starlette:
    """The app, to be run by an ASGI server or mounted under any path of another app.

    What is not given is built from the settings (default: the environment). A `server` brings its own
    stores; an `agent` is an `Agent`, or a function that answers. Connects to nothing before the lifespan
    starts or, where a host app runs none, the first request.
    """
    settings = settings or Settings()
    lifetime = Lifetime()
    if server is None:
        store = store or _database(settings, lifetime)
        files = attachment_store or create_files(settings, store)
        server = create_server(settings, store, files, lifetime, agent=agent)
    authenticate = _required(choose(settings, authenticate))
    limiter = _limiter(settings, lifetime)
    if limiter is not None:
        authenticate = limiter.guard(authenticate)
    runner = _runner(settings, server.store, lifetime)
    _sweep_files(settings, server.attachment_store, lifetime)
    return Starlette(
        routes=_routes(settings, server, runner, authenticate, limiter, lifetime),
        middleware=_middleware(settings, lifetime),
        exception_handlers=dict(HANDLERS),
        lifespan=lifetime.lifespan,
    )


def app_from_environment() -> Starlette:
    """The app of ``uvicorn chatkit_asgi:app``: it runs by itself, so it also sets up logging."""
    settings = Settings()
    configure(settings.log_level, settings.secrets())
    app = create_app(settings)
    # what was loaded stays: no garbage collection need walk over it while all streams wait
    gc.freeze()
    return app


def open_store(settings: Settings) -> SQLAlchemyStore[Any]:
    """The store on the configured database; it connects when it is first used."""
    settings.make_data_dir()
    return SQLAlchemyStore(create_engine(settings.database), owns_engine=True)


def _runner(settings: Settings, store: Store[Any], lifetime: Lifetime) -> TurnRunner:
    async def recover(turn: TurnRecord, frames: Sequence[bytes]) -> None:
        if isinstance(store, SQLAlchemyStore):  # the only one whose turns outlive their process
            await recover_turn(store.as_owner(turn.owner), turn.thread_id, frames, None)

    runner = TurnRunner(
        _turn_log(settings, store),
        last_words=lambda: LastWords(
            failure=failure_frame(), timeout=timeout_frame(), deleted=deleted_frame()
        ),
        recover=recover,
        unread_seconds=settings.unread_seconds,
        timeout=settings.turn_timeout or None,
        most=settings.max_turns,
        most_each=settings.most_turns_per_user,
        is_strict=settings.durability == "strict",
        lease=settings.lease,
    )

    async def start() -> None:
        runner.start()

    lifetime.starts(start)

    def drain(patience: float | None) -> None:
        grace = settings.shutdown_grace
        runner.drain(grace if patience is None else min(grace, max(patience - LAST_SECONDS, 0)))

    lifetime.tells(drain)
    lifetime.closes(runner.aclose)
    return runner


def _turn_log(settings: Settings, store: Store[Any]) -> TurnLog:
    if isinstance(store, SQLAlchemyStore):
        return SQLTurnLog(store.database, store.tables, lease=settings.lease)
    return MemoryTurnLog(lease=settings.lease)


def _database(settings: Settings, lifetime: Lifetime) -> Store[Any]:
    store = open_store(settings)
    lifetime.starts(lambda: prepare(store, settings))
    lifetime.pings(store.ping)
    lifetime.closes(store.aclose)
    return store


async def prepare(store: SQLAlchemyStore[Any], settings: Settings) -> None:
    if settings.migrates_at_start:
        await migrate(store.engine)
    elif not await is_current(store.engine):
        raise BackendError("The database is not up to date. Its operator can run: chatkit-asgi migrate")


def _sweep_files(settings: Settings, attachments: AttachmentStore[Any] | None, lifetime: Lifetime) -> None:
    """Have the bytes of what is deleted deleted, by each process for all."""
    if not isinstance(attachments, BlobAttachmentStore) or attachments.store.outbox is None:
        return
    sweeper = BlobSweeper(
        attachments.store.outbox,
        attachments.blobs,
        link_seconds=attachments.link_seconds,
        unsent_seconds=settings.unsent_seconds,
    )
    lifetime.starts(sweeper.start)
    lifetime.closes(sweeper.aclose)


def open_blobs(settings: Settings) -> ObjectBlobStore:
    """The blobs in the configured place; nothing is opened before they are first used."""
    access = PlaceAccess(
        endpoint=settings.files_endpoint,
        public_endpoint=settings.files_public_endpoint,
        path_style=settings.files_path_style,
        region=settings.files_region,
        access_key=settings.files_access_key.get_secret_value(),
        secret_key=settings.files_secret_key.get_secret_value(),
        session_token=settings.files_session_token.get_secret_value(),
    )
    return ObjectBlobStore(settings.files, access)


def create_files(settings: Settings, store: Store[Any]) -> BlobAttachmentStore[Any]:
    blobs = open_blobs(settings)
    return BlobAttachmentStore(
        blobs,
        store,
        Signer(settings.signing_keys()),
        base_url=settings.public_url,
        max_bytes=settings.max_upload_bytes,
        allowed_types=settings.upload_types or None,
        max_pixels=settings.max_image_pixels,
        quota=Quota(max_bytes=settings.max_user_bytes, max_files=settings.max_user_files),
        links=None if settings.upload_through == "app" else blobs.links,
        on_upload=load(settings.on_upload) if settings.on_upload else None,
        link_seconds=settings.link_seconds,
    )


def _routes(
    settings: Settings,
    server: ChatKitServer[Any],
    runner: TurnRunner,
    authenticate: Authenticate,
    limiter: RateLimiter | None,
    lifetime: Lifetime,
) -> list[BaseRoute]:
    desk = TurnDesk(server, runner, heartbeat=settings.heartbeat, daily_tokens=settings.daily_tokens)
    chatkit = ChatKitEndpoint(
        server,
        desk,
        authenticate,
        max_body_bytes=settings.max_body_bytes,
        limits=_limits(settings),
        idle_seconds=settings.idle_timeout,
        count_message=None if limiter is None else limiter.count_message,
    )
    routes: list[BaseRoute] = [Route("/chatkit", chatkit, methods=["POST"])]
    if isinstance(server.attachment_store, BlobAttachmentStore):
        routes += upload_routes(server.attachment_store, authenticate, idle_seconds=settings.idle_timeout)
    routes += thread_routes(server.store, authenticate)
    if callable(composer_options := getattr(server, "composer_options", None)):
        routes += composer_routes(composer_options, authenticate)
    routes += turn_routes(desk, authenticate)
    routes += health_routes(lifetime.ping, runner)
    sessions = open_sessions(settings)
    if sessions is not None:
        routes += session_routes(sessions, settings.session_key_list(), longest=settings.session_seconds)
    if settings.metrics:
        routes += metrics_routes(runner)
    return routes + _page(settings, server.attachment_store) if settings.page else routes


def _page(settings: Settings, attachments: AttachmentStore[Any] | None) -> list[BaseRoute]:
    """The page, with the origins that files lie at; those of an application's own store are not known."""
    if isinstance(attachments, BlobAttachmentStore):
        return page_routes(settings.frame_ancestors, attachments.link_origins)
    return page_routes(settings.frame_ancestors, ["https:"] if attachments else [])


def _limiter(settings: Settings, lifetime: Lifetime) -> RateLimiter | None:
    rules = RateRules(
        requests=settings.rate("rate_limit"),
        messages=settings.rate("rate_limit_messages"),
        address=settings.rate("rate_limit_address"),
        failures=settings.rate("rate_limit_failures"),
        is_by_address=settings.auth == "anonymous",
    )
    if not rules:
        return None
    limiter = RateLimiter(rules, url=settings.rate_limit_url.get_secret_value())
    lifetime.closes(limiter.aclose)
    return limiter


def _limits(settings: Settings) -> RequestLimits:
    return RequestLimits(
        depth=settings.max_json_depth,
        values=settings.max_json_values,
        text=settings.max_text,
        parts=settings.max_parts,
        attachments=settings.max_attachments,
        title=settings.max_title,
        metadata=settings.max_metadata_bytes,
        payload=settings.max_payload_bytes,
        audio=settings.max_audio_bytes,
        page=settings.max_page,
    )


def _middleware(settings: Settings, lifetime: Lifetime) -> list[Middleware]:
    around = [_cors(settings), Middleware(RequestMiddleware, started=lifetime.start)]
    if not settings.trusted_proxies:
        return around
    return [Middleware(ProxyMiddleware, trusted=settings.trusted_proxies), *around]


def _required(authenticate: Authenticate) -> Authenticate:
    """`authenticate`, with "nobody" turned into a refusal; its contexts know the request's language."""

    async def required(request: Request) -> Any:
        context = await authenticate(request)
        if context is None:
            raise HTTPException(401, user_text("Sign in first: this server does not know who is asking."))
        if isinstance(context, RequestContext) and not context.locale:
            context = replace(context, locale=locale_of(request))
        prefer(language_of(context))
        return context

    return required


def _cors(settings: Settings) -> Middleware:
    origins = settings.cors_origins
    return Middleware(
        PageMiddleware,
        allow_origins=origins,
        allow_origin_regex=None if origins else LOCAL_PAGES,
        allow_credentials="*" not in origins,
        allow_methods=["GET", "HEAD", "POST", "PUT"],
        allow_headers=["*"],
        expose_headers=["x-request-id", "chatkit-turn-id", "retry-after", "ratelimit", "ratelimit-policy"],
        max_age=600,
    )
