"""Turns over HTTP: requests begin them, `/threads/{id}/stream` joins and `/threads/{id}/cancel` stops one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import ConflictError, InvalidRequestError, NotFoundError, TooManyError
from chatkit_asgi.locale import user_text
from chatkit_asgi.server import ChatKitServer, StreamingResult, replay
from chatkit_asgi.streams import (
    Admit,
    Asked,
    TurnReading,
    TurnRecord,
    TurnRun,
    TurnRunner,
    all_frames,
    begin_turn,
)
from chatkit_asgi.types import StreamingReq, ThreadItem, ThreadsCreateReq, is_hidden
from chatkit_asgi.web.middleware import note
from chatkit_asgi.web.sse import EventStreamResponse

__all__ = ["TurnDesk", "turn_routes"]

LONGEST_KEY = 255
TURN_HEADER = "chatkit-turn-id"
PRIVATE = {"cache-control": "no-store"}


class TurnDesk:
    """Where requests meet the turns of a server. Contexts are whatever `authenticate` gives."""

    def __init__(
        self, server: ChatKitServer[Any], runner: TurnRunner, *, heartbeat: float, daily_tokens: int = 0
    ) -> None:
        self._server = server
        self._daily_tokens = daily_tokens
        self._runner = runner
        self._heartbeat = heartbeat

    async def begin(self, request: Request, body: bytes, operation: StreamingReq, context: Any) -> Response:
        """Answer a request with the stream of its turn."""

        async def open(admit: Admit) -> StreamingResult:
            return await self._server.open(operation, context, admit=admit)

        asked = self._asked(request, body, operation, context)
        await self._require_budget(asked.owner)
        return self._respond(await begin_turn(self._runner, asked, open))

    async def _require_budget(self, owner: str | None) -> None:
        """Raises TooManyError when the owner has used up the day's tokens. What runs, runs on."""
        if not self._daily_tokens or owner is None:
            return
        if await self._runner.log.tokens_of_today(owner) >= self._daily_tokens:
            raise TooManyError(
                user_text("All tokens for today are used up: go on after midnight (UTC)."),
                retry_after=_seconds_of_today(),
            )

    def _asked(self, request: Request, body: bytes, operation: StreamingReq, context: Any) -> Asked:
        owner = self._server.store.owner_of(context)
        key = _request_key(request)
        return Asked(
            owner=owner,
            request_hash=sha256(body).hexdigest(),
            request_key=None if owner is None else key,
            begins_thread=isinstance(operation, ThreadsCreateReq),
            goes_on_unread=request.headers.get("chatkit-resume") == "1",
        )

    async def unfinished_items(self, thread_id: str, context: Any) -> Sequence[ThreadItem]:
        """What the thread's running turn is saying and has not stored yet."""
        store = self._server.store
        owner = store.owner_of(context)
        if owner is None:  # then only the store can tell whether the thread is theirs
            await store.load_thread(thread_id, context)
        run = self._runner.running(thread_id, owner or "")
        if run is not None:
            return _unfinished(run)
        turn = await self._runner.log.find_running(thread_id, owner or "")
        if turn is None:
            return ()
        return [item for item in replay(await all_frames(self._runner.log, turn)) if not is_hidden(item)]

    def end_deleted(self, thread_id: str, context: Any) -> None:
        """The caller's thread is gone: end the turn that runs in it here. Others find out by themselves."""
        owner = self._server.store.owner_of(context)
        run = None if owner is None else self._runner.running(thread_id, owner)
        if run is not None:
            run.stop("deleted")

    async def attach(self, request: Request, context: Any) -> Response:
        """Answer with the rest of a running turn, or of one that is named and not forgotten yet."""
        after, turn_id = _after(request), request.query_params.get("turn")
        turn = await self._find(request.path_params["id"], turn_id, context)
        if turn is None:
            return Response(status_code=204, headers=PRIVATE)
        return self._respond(await self._runner.attach(turn, after), is_numbered=True)

    async def cancel(self, request: Request, context: Any) -> Response:
        """Stop the running turn, if there is one, and wait for its end. It may have been done before."""
        turn = await self._find(request.path_params["id"], None, context)
        if turn is None:
            return JSONResponse({"status": "idle"}, headers=PRIVATE)
        if not turn.allow_cancel:
            raise ConflictError(user_text("This answer cannot be stopped."))
        status = await self._runner.cancel(turn)
        answer = {"status": status or "stopping", "turn_id": turn.id}
        return JSONResponse(answer, 202 if status is None else 200, PRIVATE)

    async def _find(self, thread_id: str, turn_id: str | None, context: Any) -> TurnRecord | None:
        """Raises NotFoundError for what is not the caller's."""
        store = self._server.store
        await store.load_thread(thread_id, context)
        owner = store.owner_of(context) or ""
        if turn_id is None:
            return await self._runner.log.find_running(thread_id, owner)
        turn = await self._runner.log.load(turn_id, owner)
        if turn.thread_id != thread_id:
            raise NotFoundError(user_text("This turn was not found in this conversation."))
        return turn

    def _respond(self, reading: TurnReading, *, is_numbered: bool = False) -> Response:
        reader = _NumberedReading(reading) if is_numbered else reading
        return EventStreamResponse(reader, heartbeat=self._heartbeat, headers={TURN_HEADER: reading.turn_id})


def turn_routes(desk: TurnDesk, authenticate: Callable[[Request], Awaitable[Any]]) -> list[Route]:
    """The routes of turns. `authenticate` raises what is then answered."""

    async def stream(request: Request) -> Response:
        """`GET /threads/{id}/stream?after=N`: events from number N + 1 on, each with its number as `id:`."""
        note(request, operation="threads.stream")
        return await desk.attach(request, await authenticate(request))

    async def cancel(request: Request) -> Response:
        """`POST /threads/{id}/cancel`"""
        note(request, operation="threads.cancel")
        return await desk.cancel(request, await authenticate(request))

    return [
        Route("/threads/{id}/stream", stream, methods=["GET"]),
        Route("/threads/{id}/cancel", cancel, methods=["POST"]),
    ]


class _NumberedReading:
    """Frames with their numbers, for clients that come back with the last one they saw."""

    def __init__(self, reading: TurnReading) -> None:
        self._reading = reading

    @property
    def at_end(self) -> bool:
        return self._reading.at_end

    async def read(self) -> Sequence[bytes]:
        frames = await self._reading.read()
        first = self._reading.seen - len(frames) + 1
        return [b"id: %d\n%b" % (number, frame) for number, frame in enumerate(frames, first)]

    def leave(self) -> None:
        self._reading.leave()


def _unfinished(run: TurnRun) -> Sequence[ThreadItem]:
    answer = run.producer
    if run.ending is not None or not isinstance(answer, StreamingResult):
        return ()
    return answer.unfinished_items()


def _seconds_of_today() -> int:
    """How many are left of the day (UTC)."""
    now = utcnow()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, ceil((midnight - now).total_seconds()))


def _request_key(request: Request) -> str | None:
    """The client's name for the request (draft-ietf-httpapi-idempotency-key-header)."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise InvalidRequestError(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    return key


def _after(request: Request) -> int:
    """How many events the client has seen: what it says, or what a browser says for it."""
    after = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise InvalidRequestError("`after` is the number of the last event that was seen.", param="after")
    return int(after)
