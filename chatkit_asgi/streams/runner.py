"""Runs turns in tasks of their own, so that a response is only a reader and may come and go."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import uuid4

from chatkit_asgi.errors import BackendError, ChatKitError, NotFoundError
from chatkit_asgi.locale import user_text
from chatkit_asgi.streams.follow import Followers
from chatkit_asgi.streams.keeper import KeeperFigures, LogKeeper
from chatkit_asgi.streams.listener import Listener
from chatkit_asgi.streams.live import LiveTurn
from chatkit_asgi.streams.log import LEASE_SECONDS, NewTurn, TurnLog, TurnRecord, TurnStatus, Worker
from chatkit_asgi.streams.presence import Presence
from chatkit_asgi.streams.reading import TurnReading
from chatkit_asgi.streams.run import PATIENCE_SECONDS, LastWords, Producer, TurnRun
from chatkit_asgi.streams.sweeper import Recover, Sweeper
from chatkit_asgi.streams.upkeep import Upkeep

__all__ = ["Admit", "Asked", "Guard", "TurnFigures", "TurnReading", "TurnRunner"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""How long somebody who stopped a turn waits for its end."""
MOST_ROUNDS = 3
"""How often the end of the process waits for a turn that does not stop."""

Guard = Callable[[], Awaitable[None]]
"""Raises LeaseLostError when the turn is not this process' any more. Called in transactions that write."""

Admit = Callable[[str, bool], Awaitable[Guard]]
"""Begin a turn in that thread, and say whether the user may stop it; raises what a log's `admit` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that wants a turn."""

    owner: str | None
    """None where that is not known: nobody's request is then taken for another's."""
    request_hash: str
    """The same for identical bodies."""
    request_key: str | None = None
    """The client's own name for it (`Idempotency-Key`)."""
    begins_thread: bool = False
    goes_on_unread: bool = False
    """The client stops turns by a request of its own: one that it does not read any more is still wanted."""


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """What goes on in this process."""

    live: int
    readers: int
    followed: int
    unwritten: int
    """Frames that the log does not have yet."""
    log: KeeperFigures


class TurnRunner:
    """Owns all turns of this process and all that reads turns of others.

    `unread_seconds`: how long a turn runs on that nobody reads, None for ever. `timeout`: seconds a turn may
    take. `most`, `most_each`: how many may run in this process, and of one owner in all; 0 means any number.
    With `is_strict` nobody sees what is not in the log. `lease` is the log's, in seconds. `last_words` speaks
    the language of the request that is being answered.
    """

    def __init__(
        self,
        log: TurnLog,
        *,
        last_words: Callable[[], LastWords],
        recover: Recover,
        unread_seconds: float | None = 0.0,
        timeout: float | None = None,
        most: int = 0,
        most_each: int = 0,
        is_strict: bool = False,
        patience: float = PATIENCE_SECONDS,
        lease: float = LEASE_SECONDS,
    ) -> None:
        self.log = log
        self.worker = Worker(uuid4().hex)
        self.is_draining = False
        self._last_words = last_words
        self._goes_on_unread = unread_seconds is None
        self._timeout = timeout
        self._most = most
        self._most_each = most_each
        self._is_strict = is_strict
        self._patience = patience
        self._runs: dict[str, TurnRun] = {}
        self._beginning: dict[str, asyncio.Task[TurnReading]] = {}
        self._answers: set[TurnRun] = set()
        self._is_over = False
        self._upkeep = Upkeep()
        self._interrupting: asyncio.TimerHandle | None = None
        self.followers = Followers(log, parting=last_words().failure, deleted=last_words().deleted)
        self.sweeper = Sweeper(log, recover=recover, last_words=last_words().failure, lease=lease)
        self._presence = Presence(
            log,
            self.worker,
            self._runs,
            self._upkeep,
            unread_seconds=unread_seconds,
            is_beginning=self._beginning.__contains__,
        )
        self._keeper = LogKeeper(
            log,
            self.worker,
            self._runs,
            followed=lambda: self.followers.ids,
            forget=self._forget,
            renewed=self._presence.look_after,
            stopping=self._upkeep.stopping,
            is_strict=is_strict,
            lease=lease,
        )
        self._listener = Listener(log, self.followers, self._keeper.stop)

    @property
    def live(self) -> int:
        """How many turns run in this process, those that have ended and are not in the log yet included."""
        return len(self._runs) + len(self._answers)

    @property
    def figures(self) -> TurnFigures:
        """What goes on now."""
        return TurnFigures(
            live=self.live,
            readers=sum(run.readers for run in self._runs.values()) + self.followers.readers,
            followed=len(self.followers),
            unwritten=sum(run.live.count - run.live.written for run in self._runs.values()),
            log=self._keeper.figures,
        )

    def start(self) -> None:
        """Begin to keep the log and to sweep. May be called twice."""
        sweep = partial(self.sweeper.run, self._upkeep.stopping)
        self._upkeep.start(self._keeper.run, sweep, waiting=self._listener.run)

    async def begin(self, asked: Asked, open: Callable[[Admit], Awaitable[Producer]]) -> TurnReading:
        """Begin a turn. Once that is stored it runs, even if the caller is cancelled.

        `open` stores what the turn is about, has it admitted by what it is given, and prepares the answer;
        without that the answer is no turn, and is over at once. Raises what `open` raises, which includes
        what the log's `admit` does, and BackendError when this process can take no more.
        """
        self._require_stay()
        if self._most and len(self._runs) + len(self._beginning) >= self._most:
            raise BackendError(
                user_text("This server has as many answers to give as it can: please try again later.")
            )
        self.start()
        turn_id = uuid4().hex
        beginning = self._beginning[turn_id] = self._upkeep.spawn(self._begin(turn_id, asked, open))
        beginning.add_done_callback(lambda _: self._beginning.pop(turn_id, None))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(_leave)
            raise

    async def _begin(
        self, turn_id: str, asked: Asked, open: Callable[[Admit], Awaitable[Producer]]
    ) -> TurnReading:
        admitted: NewTurn | None = None

        async def admit(thread_id: str, allow_cancel: bool) -> Guard:
            nonlocal admitted
            turn = NewTurn(
                id=turn_id,
                thread_id=thread_id,
                owner=asked.owner or "",
                worker=self.worker,
                allow_cancel=allow_cancel,
                request_key=asked.request_key,
                request_hash=asked.request_hash,
            )
            await self.log.admit(turn, most=0 if asked.owner is None else self._most_each)
            admitted = turn
            return partial(self.log.require_held, turn_id, self.worker)

        try:
            producer = await open(admit)
            return self._run(turn_id, asked, producer, admitted)
        except BaseException:
            if admitted is not None:
                with suppress(ChatKitError):
                    await self.log.withdraw(turn_id)
            raise

    def _run(self, turn_id: str, asked: Asked, producer: Producer, turn: NewTurn | None) -> TurnReading:
        announce = self._keeper.wake if self._is_strict and turn is not None else None
        is_kept = turn is not None and not turn.allow_cancel
        run = TurnRun(
            LiveTurn(turn_id, asked.owner or "", self.log, announce=announce),
            producer,
            thread_id=None if turn is None else turn.thread_id,
            request_hash=asked.request_hash,
            timeout=self._timeout,
            last_words=self._last_words(),
            goes_on_unread=asked.goes_on_unread or is_kept or self._goes_on_unread,
            on_end=self._ended,
            patience=self._patience,
        )
        if turn is None:
            self._answers.add(run)
        else:
            self._runs[turn_id] = run
            del self._beginning[turn_id]
            self._keeper.wake()
        if self._is_over:
            run.stop("interrupted")
        return TurnReading(turn_id, run.live.reader(), lambda: self._presence.left(run))

    async def attach(self, turn: TurnRecord, after: int = 0) -> TurnReading:
        """Another reader of a turn, here or in another process, that has seen `after` frames.

        Raises BackendError when it could not begin, or is elsewhere and this process is about to end.
        """
        if beginning := self._beginning.get(turn.id):  # its input is being stored
            await asyncio.wait([beginning])
            if beginning.cancelled() or beginning.exception() is not None:
                raise BackendError(user_text("This answer could not begin: please try again."))
        run = self._runs.get(turn.id)
        if run is not None:
            run.readers += 1
            return TurnReading(turn.id, run.live.reader(after), lambda: self._presence.left(run))
        self._require_stay()
        self.start()
        is_news = turn.status == "running" and turn.id not in self.followers.ids
        live = self.followers.enter(turn, after)
        reading = TurnReading(turn.id, live.reader(after), lambda: self._left_followed(live))
        if is_news:  # to its worker: from here on it counts as read, wherever that is asked
            try:
                await asyncio.shield(self._upkeep.spawn_quietly(self._keeper.renew()))
            except BaseException:
                reading.leave()
                raise
            self.followers.tell([turn.id])  # what was written before that was told to nobody
        return reading

    def running(self, thread_id: str, owner: str) -> TurnRun | None:
        """The turn that this process runs in the thread, or has just ended there."""
        for run in self._runs.values():
            if run.thread_id == thread_id and run.live.owner == owner:
                return run
        return None

    async def find_repeated(self, asked: Asked) -> TurnRecord | None:
        """A running turn that such a request began, that nobody reads and nobody has stopped."""
        owner = asked.owner or ""
        for run in self._runs.values():  # the log may not know yet that its reader has left
            if run.request_hash == asked.request_hash and run.live.owner == owner and not run.readers:
                turn = await self.log.find_running(run.thread_id or "", owner)
                break
        else:
            turn = await self.log.find_repeated(asked.request_hash, owner)
        return None if turn is None or self.is_read(turn) or self.is_stopping(turn) else turn

    def is_stopping(self, turn: TurnRecord) -> bool:
        """Whether it will not come to its own end; of our own turns we know better than the log."""
        run = self._runs.get(turn.id)
        return turn.is_cancelled or (run is not None and run.is_stopping)

    def is_read(self, turn: TurnRecord) -> bool:
        """Whether anybody reads it; of our own turns we know better than the log."""
        run = self._runs.get(turn.id)
        return turn.is_read if run is None else run.readers > 0 or turn.is_followed

    async def cancel(self, turn: TurnRecord) -> TurnStatus | None:
        """Stop a turn, wherever it runs, and wait for its end; how it ended, None while it has not.

        It may have come to its own end before it was stopped.
        """
        run = self._runs.get(turn.id)
        if run is not None:
            run.stop("cancelled")
        else:
            await self.log.cancel(turn.id)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._end_of(turn)
        except TimeoutError:
            return None
        if run is not None and run.ending is not None:
            return run.ending.status
        return await self._status_of(turn)

    async def _status_of(self, turn: TurnRecord) -> TurnStatus | None:
        try:
            status = (await self.log.load(turn.id, turn.owner)).status
        except NotFoundError:  # it has gone with its thread
            return "cancelled"
        return None if status == "running" else status

    async def _end_of(self, turn: TurnRecord) -> None:
        run = self._runs.get(turn.id)
        live = run.live if run is not None else self.followers.enter(turn, 0)
        try:
            while not live.ended:
                await live.changed()
        finally:
            if run is None:
                self.followers.leave(turn.id)

    def drain(self, grace: float) -> None:
        """Take no new turns; interrupt those that still run after `grace` seconds. Said again: or earlier."""
        self.is_draining = self._presence.is_over = True
        loop = asyncio.get_running_loop()
        ends = loop.time() + grace
        if self._interrupting is not None and self._interrupting.when() <= ends:
            return
        if self._interrupting is not None:
            self._interrupting.cancel()
        self._interrupting = loop.call_at(ends, self._interrupt_all)

    def _require_stay(self) -> None:
        if self.is_draining:
            raise BackendError(user_text("This server is being restarted: please try again."))

    async def aclose(self) -> None:
        """Interrupt all turns and wait until each has kept what it had; not for ever if one does not stop."""
        self.is_draining = self._presence.is_over = True
        self._interrupt_all()
        if self._beginning:
            await asyncio.wait(self._beginning.values(), timeout=STOP_SECONDS)
        runs = [*self._runs.values(), *self._answers]
        if runs:
            longest = MOST_ROUNDS * self._patience
            _, stuck = await asyncio.wait([run.task for run in runs], timeout=longest)
            if stuck:
                logger.error("%d turns cannot be stopped: they swallow every cancellation", len(stuck))
        await self._keeper.flush()
        await self.followers.aclose()
        self._upkeep.stopping.set()
        self._keeper.wake()
        await self._upkeep.aclose()

    def _interrupt_all(self) -> None:
        self._is_over = True
        for run in [*self._runs.values(), *self._answers]:
            run.stop("interrupted")
        self.followers.part()

    def _ended(self, run: TurnRun) -> None:
        self._answers.discard(run)
        if run.thread_id is None or self._upkeep.stopping.is_set():
            run.live.end()  # nobody writes any more
        else:
            self._keeper.end(run)

    def _forget(self, run: TurnRun) -> None:
        self._runs.pop(run.id, None)

    def _left_followed(self, live: LiveTurn) -> None:
        if self.followers.leave(live.id) and not live.ended:
            self._upkeep.spawn_quietly(self.log.leave(self.worker, live.id))


def _leave(beginning: "asyncio.Task[TurnReading]") -> None:
    """The one who asked is gone."""
    if not beginning.cancelled() and beginning.exception() is None:
        beginning.result().leave()
