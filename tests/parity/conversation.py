"""The same turns for both packages: requests, and scripts of what the application does with them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from tests.parity.packages import CLOCK, OURS, PEER, Make, Package, agreed_clock
from tests.parity.runs import Run, stream_run
from tests.parity.stores import Json, make_attachment_store, make_store

__all__ = [
    "Advance",
    "Change",
    "Conversation",
    "Leave",
    "Meanwhile",
    "Outcome",
    "Pick",
    "Raise",
    "Remember",
    "Step",
    "Turn",
    "create",
    "in_thread",
    "make_server",
    "say",
]


@dataclass(frozen=True)
class Change:
    """The responder changes its thread."""

    field: str
    value: Any


@dataclass(frozen=True)
class Remember:
    """The responder puts something into its thread's metadata, where it is."""

    key: str
    value: Any


@dataclass(frozen=True)
class Advance:
    """Time passes."""

    seconds: float


@dataclass(frozen=True)
class Raise:
    """The responder fails in a way that is not one of the package's."""

    kind: type[Exception]


@dataclass(frozen=True)
class Leave:
    """The responder is busy, and the client goes away: its request's task is cancelled."""


@dataclass(frozen=True)
class Meanwhile:
    """Another request is answered before the responder goes on."""

    operation: str
    params: Json


@dataclass(frozen=True)
class Pick:
    """The id of the stored item of a kind, counted from the end; an unknown one where there is none."""

    kind: str
    place: int = 0


READS = ("threads.get_by_id", "items.list")
Step = Make | Change | Remember | Advance | Leave | Meanwhile | Run | Raise


@dataclass(frozen=True)
class Turn:
    """A request, and what the application does when it is asked to answer it."""

    operation: str
    params: Json
    script: Sequence[Step] = ()


@dataclass
class Outcome:
    """What came of a turn."""

    operation: str
    frames: list[str] = field(default_factory=list)
    refusal: str | None = None
    asked: list[Any] = field(default_factory=list)
    stored: Json = field(default_factory=dict)


def make_server(package: Package) -> Any:
    """A server of either package that plays scripts, and notes what it was asked."""

    class Server(package.server.ChatKitServer):  # type: ignore[misc, name-defined]  # either package's
        script: Sequence[Step] = ()

        def __init__(self) -> None:
            super().__init__(make_store(package), make_attachment_store(package))
            self.asked: list[Any] = []
            self.left = asyncio.Event()

        def get_stream_options(self, thread: Any, context: Any) -> Any:
            return package.types.StreamOptions(allow_cancel=thread.title != "to the end")

        def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
            self._note("respond", context, thread, input_user_message)
            return self._play(thread, context)

        def action(self, thread: Any, action: Any, sender: Any, context: Any) -> AsyncIterator[Any]:
            self._note("action", context, thread, action, sender)
            return self._play(thread, context)

        async def sync_action(self, thread: Any, action: Any, sender: Any, context: Any) -> Any:
            self._note("sync_action", context, thread, action, sender)
            events = [event async for event in self._play(thread, context)]
            return package.types.SyncCustomActionResponse(updated_item=events[-1].item if events else None)

        async def transcribe(self, audio_input: Any, context: Any) -> Any:
            self.asked.append(("transcribe", audio_input.data, audio_input.mime_type, audio_input.media_type))
            return package.types.TranscriptionResult(text="what was said")

        async def _play(self, thread: Any, context: Any) -> AsyncIterator[Any]:
            for step in self.script:
                match step:
                    case Change():
                        setattr(thread, step.field, package.build(step.value))
                    case Remember():
                        thread.metadata[step.key] = step.value
                    case Meanwhile():
                        await self.process(_body(step.operation, step.params), context)
                    case Advance():
                        CLOCK.advance(step.seconds)
                    case Leave():
                        self.left.set()
                        await asyncio.Event().wait()
                    case Raise():
                        raise step.kind("boom")
                    case Run():
                        async with aclosing(stream_run(package, step, self, thread, context)) as events:
                            async for event in events:
                                yield event
                    case Make():
                        yield _not_an_error(package.build(step))

        def _note(self, what: str, context: Any, *given: Any) -> None:
            forms = [None if each is None else each.model_dump(mode="json") for each in given]
            self.asked.append((what, context, type(given[0]).__name__, *forms))

    return Server()


def _body(operation: str, params: Json) -> str:
    return json.dumps({"type": operation, "params": params})


def _not_an_error(event: Any) -> Any:
    if isinstance(event, Exception):
        raise event
    return event


class Conversation:
    """Takes turns with both packages, each with a server and a store of its own."""

    def __init__(self, *, full_pages: bool = True) -> None:
        self.full_pages = full_pages  # of the published SDK too, though it filters what was cut
        self.servers = {package.name: make_server(package) for package in (OURS, PEER)}

    def take(self, turn: Turn) -> tuple[Outcome, Outcome]:
        """What comes of the turn: ours, and theirs."""
        params = self.picked(turn.params)
        ours, theirs = (self._outcome(package, turn, params) for package in (OURS, PEER))
        return ours, theirs

    def items(self) -> list[Json]:
        """The items that are stored in our thread, oldest first."""
        return self.servers["ours"].store.items.get("thr_1", [])  # type: ignore[no-any-return]

    def settle(self, outcome: Outcome) -> None:
        """Make our store hold what is stored in an outcome that was evened out."""
        self.servers["ours"].store.items = deepcopy(outcome.stored["items"])

    def picked(self, params: Json) -> Json:
        """The params with the ids that are to be picked."""
        return {
            name: self._pick(value) if isinstance(value, Pick) else value for name, value in params.items()
        }

    def _pick(self, pick: Pick) -> str:
        ids = [item["id"] for item in self.items() if item["type"] == pick.kind]
        return ids[-1 - pick.place % len(ids)] if ids else "unknown"

    def _outcome(self, package: Package, turn: Turn, params: Json) -> Outcome:
        server = self.servers[package.name]
        server.script, server.asked, server.left = turn.script, [], asyncio.Event()
        request = _body(turn.operation, params)
        outcome = Outcome(turn.operation, asked=server.asked)
        server.store.leaves_out_hidden = self.full_pages and package is PEER and turn.operation in READS
        with agreed_clock():
            # a loop of its own for each turn: it also ends the tasks that the published SDK leaves behind
            asyncio.run(_carry_out(server, request, outcome))
        outcome.stored = stored_in(server)
        return outcome


def stored_in(server: Any) -> Json:
    store = server.store
    kept = {"threads": store.threads, "items": store.items, "attachments": store.attachments}
    copy: Json = json.loads(json.dumps(kept))
    return {**copy, "deleted": list(server.attachment_store.deleted)}


CONTEXT = {"user": "alice"}


async def _carry_out(server: Any, request: str, outcome: Outcome) -> None:
    """Until the end of the answer, or until the script says that the client leaves."""
    answering = asyncio.create_task(_answer(server, request, outcome))
    leaving = asyncio.create_task(server.left.wait())
    await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    answering.cancel()
    try:
        await answering
    except asyncio.CancelledError:
        outcome.refusal = "cancelled"


async def _answer(server: Any, request: str, outcome: Outcome) -> None:
    try:
        result = await server.process(request, CONTEXT)
        if hasattr(result, "json"):
            outcome.frames.append(result.json.decode())
            return
        async for frame in result:
            outcome.frames.append(frame.decode())
    except Exception as exc:
        outcome.refusal = _family(exc)


def _family(exc: Exception) -> str:
    """What the two packages' exceptions have in common."""
    if type(exc).__name__ == "NotFoundError":
        return "NotFoundError"
    families = (ValidationError, NotImplementedError, RuntimeError, ValueError)
    return next((kind.__name__ for kind in families if isinstance(exc, kind)), type(exc).__name__)


def say(*content: Any, **fields: Any) -> Json:
    """The `input` of a user message."""
    parts = [{"type": "input_text", "text": each} if isinstance(each, str) else each for each in content]
    return {"content": parts, "attachments": [], "inference_options": {}, **fields}


def create(*script: Step, input: Json | None = None) -> Turn:
    """The turn that makes the thread `thr_1`."""
    return Turn("threads.create", {"input": input or say("Hello")}, script)


def in_thread(operation: str, *script: Step, **params: Any) -> Turn:
    """A turn in that thread."""
    return Turn(operation, {"thread_id": "thr_1", **params}, script)
