"""Runs turns in tasks of their own, so that a response is only a reader and may come and go."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar
from uuid import uuid4

from chatkit_asgi.errors import BackendError, ChatKitError
from chatkit_asgi.streams.follow import Followers
from chatkit_asgi.streams.keeper import KeeperFigures, LogKeeper
from chatkit_asgi.streams.live import LiveReader, LiveTurn
from chatkit_asgi.streams.log import LEASE_SECONDS, Ending, NewTurn, TurnLog, TurnRecord, Worker
from chatkit_asgi.streams.run import PATIENCE_SECONDS, LastWords, Producer, TurnRun
from chatkit_asgi.streams.sweeper import Recover, Sweeper

__all__ = ["Admit", "Asked", "Guard", "TurnFigures", "TurnReading", "TurnRunner"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""How long somebody who stopped a turn waits for its end."""
MOST_ROUNDS = 3
"""How often the end of the process waits for a turn that does not stop."""
LISTEN_SECONDS = 5.0
"""A pause before listening to a log again whose connection was lost."""

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


class TurnReading:
    """One reader's hold on a turn. Leave it when the reader goes."""

    def __init__(self, turn_id: str, reader: LiveReader, left: Callable[[], None]) -> None:
        self.turn_id = turn_id
        self._reader = reader
        self._left: Callable[[], None] | None = left

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""
        return self._reader.at_end

    @property
    def seen(self) -> int:
        """The number of the last frame that was read; the turn's first one is 1."""
        return self._reader.seen

    def read(self) -> Awaitable[Sequence[bytes]]:
        """The next frames; none at the turn's end. May be cancelled and called again."""
        return self._reader.read()

    def leave(self) -> None:
        """The reader is gone: the turn is stopped, or runs on, as the operator chose. May be repeated."""
        left, self._left = self._left, None
        if left is not None:
            left()


class TurnRunner:
    """Owns all turns of this process and all that reads turns of others.

    `unread_seconds`: how long a turn runs on that nobody reads, None for ever. `timeout`: seconds a turn may
    take. `most`, `most_each`: how many may run in this process, and of one owner in all; 0 means any number.
    With `is_strict` nobody sees what is not in the log. `lease` is the log's, in seconds.
    """

    def __init__(
        self,
        log: TurnLog,
        *,
        last_words: LastWords,
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
        self._unread_seconds = unread_seconds
        self._timeout = timeout
        self._most = most
        self._most_each = most_each
        self._is_strict = is_strict
        self._patience = patience
        self._runs: dict[str, TurnRun] = {}
        self._beginning: dict[str, asyncio.Task[TurnReading]] = {}
        self._answers: set[TurnRun] = set()
        self._tasks: set[asyncio.Task[Any]] = set()  # Any: each for its own result
        self._is_over = False
        self._stopping = asyncio.Event()
        self._upkeep: list[asyncio.Task[None]] = []
        self._listening: asyncio.Task[None] | None = None
        self._interrupting: asyncio.TimerHandle | None = None
        self.followers = Followers(log, parting=last_words.failure)
        self.sweeper = Sweeper(log, recover=recover, last_words=last_words.failure, lease=lease)
        self._keeper = LogKeeper(
            log,
            self.worker,
            self._runs,
            followed=lambda: self.followers.ids,
            forget=self._forget,
            renewed=self._look_after,
            stopping=self._stopping,
            is_strict=is_strict,
            lease=lease,
        )

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
        if not self._upkeep:
            jobs = (self._keeper.run, partial(self.sweeper.run, self._stopping))
            self._upkeep = [asyncio.create_task(_keep_up(job)) for job in jobs]
            self._listening = asyncio.create_task(_keep_up(self._listen))

    async def begin(self, asked: Asked, open: Callable[[Admit], Awaitable[Producer]]) -> TurnReading:
        """Begin a turn. Once that is stored it runs, even if the caller is cancelled.

        `open` stores what the turn is about, has it admitted by what it is given, and prepares the answer;
        without that the answer is no turn, and is over at once. Raises what `open` raises, which includes
        what the log's `admit` does, and BackendError when this process can take no more.
        """
        self._require_stay()
        if self._most and len(self._runs) + len(self._beginning) >= self._most:
            raise BackendError("This server has as many answers to give as it can: please try again later.")
        self.start()
        turn_id = uuid4().hex
        beginning = self._beginning[turn_id] = self._spawn(self._begin(turn_id, asked, open))
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
            last_words=self._last_words,
            goes_on_unread=asked.goes_on_unread or is_kept or self._unread_seconds is None,
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
        return TurnReading(turn_id, run.live.reader(), lambda: self._left(run))

    async def attach(self, turn: TurnRecord, after: int = 0) -> TurnReading:
        """Another reader of a turn, here or in another process, that has seen `after` frames.

        Raises BackendError when it could not begin, or is elsewhere and this process is about to end.
        """
        if beginning := self._beginning.get(turn.id):  # its input is being stored
            await asyncio.wait([beginning])
            if beginning.cancelled() or beginning.exception() is not None:
                raise BackendError("This answer could not begin: please try again.")
        run = self._runs.get(turn.id)
        if run is not None:
            run.readers += 1
            return TurnReading(turn.id, run.live.reader(after), lambda: self._left(run))
        self._require_stay()
        self.start()
        is_news = turn.status == "running" and turn.id not in self.followers.ids
        live = self.followers.enter(turn, after)
        reading = TurnReading(turn.id, live.reader(after), lambda: self._left_followed(live))
        if is_news:  # to its worker: from here on it counts as read, wherever that is asked
            try:
                await asyncio.shield(self._spawn(_quietly(self._keeper.renew())))
            except BaseException:
                reading.leave()
                raise
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

    async def cancel(self, turn: TurnRecord) -> bool:
        """Stop a turn, wherever it runs, and wait for its end; whether that has come."""
        run = self._runs.get(turn.id)
        if run is not None:
            run.stop("cancelled")
        else:
            await self.log.cancel(turn.id)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._end_of(turn)
        except TimeoutError:
            return False
        return True

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
        self.is_draining = True
        loop = asyncio.get_running_loop()
        ends = loop.time() + grace
        if self._interrupting is not None and self._interrupting.when() <= ends:
            return
        if self._interrupting is not None:
            self._interrupting.cancel()
        self._interrupting = loop.call_at(ends, self._interrupt_all)

    def _require_stay(self) -> None:
        if self.is_draining:
            raise BackendError("This server is being restarted: please try again.")

    async def aclose(self) -> None:
        """Interrupt all turns and wait until each has kept what it had; not for ever if one does not stop."""
        self.is_draining = True
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
        await self._stop_upkeep()

    async def _stop_upkeep(self) -> None:
        """Let what writes come to its end; a backend that is away cannot hold us up for long."""
        self._stopping.set()
        self._keeper.wake()
        if self._listening is not None:
            self._listening.cancel()
        if tasks := [*self._upkeep, *self._tasks]:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *filter(None, [self._listening]), return_exceptions=True)
        self._upkeep = []

    def _interrupt_all(self) -> None:
        self._is_over = True
        for run in [*self._runs.values(), *self._answers]:
            run.stop("interrupted")
        self.followers.part()

    def _ended(self, run: TurnRun) -> None:
        self._answers.discard(run)
        if run.thread_id is None or self._stopping.is_set():
            run.live.end()  # nobody writes any more
        else:
            self._keeper.end(run)

    def _forget(self, run: TurnRun) -> None:
        self._runs.pop(run.id, None)

    def _left(self, run: TurnRun) -> None:
        run.readers -= 1
        if run.readers or run.ending is not None:
            return
        loop = asyncio.get_running_loop()
        run.unread_since = loop.time()
        if run.thread_id is None:
            run.stop("cancelled")
            return
        self._spawn(self._tell_unread(run))
        if self._unread_seconds:
            loop.call_later(self._unread_seconds, lambda: self._spawn(self._tell_unread(run)))

    async def _tell_unread(self, run: TurnRun) -> None:
        """Nobody reads it here. Unless somebody does elsewhere, its time may be up."""
        if run.readers or run.ending is not None:
            return
        record = None
        with suppress(ChatKitError):
            record = await self.log.leave(self.worker, run.id)
        self._stop_unread(run, record)

    def _stop_unread(self, run: TurnRun, record: TurnRecord | None) -> None:
        """Stop the turn if it has been without readers, here or elsewhere, for as long as it may."""
        now = asyncio.get_running_loop().time()
        if record is not None and record.is_followed:
            run.unread_since = now
        if run.readers or run.goes_on_unread or run.ending is not None or self._unread_seconds is None:
            return
        if self.is_draining:  # it was the server that ended the response
            return
        if (record is None or not record.is_followed) and now - run.unread_since >= self._unread_seconds:
            run.stop("cancelled")

    def _look_after(self, turns: Sequence[TurnRecord]) -> None:
        """The log leases these turns to us: stop what nobody reads any more, end what does not run here."""
        for turn in turns:
            if run := self._runs.get(turn.id):
                self._stop_unread(run, turn)
            elif turn.id not in self._beginning:
                logger.warning("turn %s does not run any more: its end was not written", turn.id)
                ending = Ending(turn.id, "interrupted", "its end was not written")
                self._spawn(_quietly(self.log.write(self.worker, [], [ending])))

    def _left_followed(self, live: LiveTurn) -> None:
        if self.followers.leave(live.id) and not live.ended:
            self._spawn(_quietly(self.log.leave(self.worker, live.id)))

    async def _listen(self) -> None:
        while True:
            try:
                self.followers.is_hearing = True
                await self.log.listen(self._heard)
                self.followers.is_hearing = False
                return  # this log tells nothing
            except BackendError as exc:
                logger.warning("turns of other processes are polled: %s", exc)
                self.followers.is_hearing = False
            await asyncio.sleep(LISTEN_SECONDS)

    def _heard(self, what: Literal["frames", "cancel"], turn_ids: Collection[str]) -> None:
        if what == "cancel":
            self._keeper.stop(turn_ids)
        else:
            self.followers.tell(turn_ids)

    def _spawn(self, job: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _keep_up(job: Callable[[], Awaitable[None]]) -> None:
    """Do a job that must not end by a mistake: all turns depend on it."""
    while True:
        try:
            await job()
            return
        except Exception:
            logger.exception("the upkeep of turns failed and begins again")
        await asyncio.sleep(1)


async def _quietly(job: Awaitable[object]) -> None:
    """What is done again soon anyway, if the backend is away."""
    with suppress(BackendError):
        await job


def _leave(beginning: "asyncio.Task[TurnReading]") -> None:
    """The one who asked is gone."""
    if not beginning.cancelled() and beginning.exception() is None:
        beginning.result().leave()
