"""Keeps the log up to date for all turns of this process: frames, endings, leases, claims of readers.

One transaction writes what all turns have produced since the last one, however many there are.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chatkit_asgi.errors import BackendError, NotFoundError
from chatkit_asgi.streams.log import LEASE_SECONDS, Ending, Frames, TurnLog, TurnRecord, Worker
from chatkit_asgi.streams.rest import rest
from chatkit_asgi.streams.run import TurnRun

__all__ = ["FLUSH_SECONDS", "KeeperFigures", "LogKeeper"]

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
"""How old a frame gets before it is in the log."""
CANCEL_SECONDS = 0.5
"""How often the log is asked whether others want a turn of ours to stop, or have left it."""
RETRY_SECONDS = 0.5
ENDING_SECONDS = 5.0
"""How long a reader waits at the end of a turn for the log to hear of it."""
PATIENCE_SECONDS = 60.0
"""How long the end of a turn waits in memory for a log that is away. Then its lease runs out."""
MOST_UNWRITTEN = 50_000
"""Frames that a turn may hold in memory while the log is away; one with more is stopped."""


@dataclass(slots=True)
class KeeperFigures:
    """What the keeper has seen so far."""

    flushes: int = 0
    flush_seconds: float = 0.0
    """Of all flushes."""
    last_flush_seconds: float = 0.0
    frames: int = 0
    failures: int = 0
    leases_lost: int = 0
    turns: Counter[str] = field(default_factory=Counter)
    """Those that have ended, by their status."""
    turn_seconds: float = 0.0
    """Of all of them."""
    first_tokens: int = 0
    """How many had a first word, and after how long, all together."""
    first_token_seconds: float = 0.0
    tokens: Counter[str] = field(default_factory=Counter)
    """By kind: input, cached, output, reasoning."""

    def count(self, ending: Ending) -> None:
        self.turns[ending.status] += 1
        self.turn_seconds += ending.seconds
        if ending.first_token_seconds is not None:
            self.first_tokens += 1
            self.first_token_seconds += ending.first_token_seconds
        if (usage := ending.usage) is not None:
            self.tokens["input"] += usage.input_tokens
            self.tokens["cached"] += usage.cached_tokens
            self.tokens["output"] += usage.output_tokens
            self.tokens["reasoning"] += usage.reasoning_tokens


class LogKeeper:
    """Writes to the log for the `runs` of one worker, which are its turns by id.

    `followed` gives the turns of other processes that have readers here; `forget` is called with a run once
    the log knows of its end, `renewed` with what the log knows of those that go on.
    """

    def __init__(
        self,
        log: TurnLog,
        worker: Worker,
        runs: Mapping[str, TurnRun],
        *,
        followed: Callable[[], list[str]],
        forget: Callable[[TurnRun], None],
        renewed: Callable[[Sequence[TurnRecord]], None],
        stopping: asyncio.Event,
        is_strict: bool = False,
        lease: float = LEASE_SECONDS,
    ) -> None:
        self.figures = KeeperFigures()
        self._log = log
        self._worker = worker
        self._runs = runs
        self._followed = followed
        self._forget = forget
        self._renewed = renewed
        self._stopping = stopping
        self._is_strict = is_strict
        self._renew_seconds = lease / 3
        self._ended: list[TurnRun] = []
        self._news = asyncio.Event()
        self._flushing = asyncio.Lock()

    def wake(self) -> None:
        """There is something that should not wait: a turn has begun or, with strict durability, a frame."""
        self._news.set()

    def end(self, run: TurnRun) -> None:
        """A turn has ended: write that soon."""
        self._ended.append(run)
        self._news.set()

    async def run(self) -> None:
        """Keep the log until the worker stops."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush_often())
            group.create_task(self._renew_often())
            group.create_task(self._ask_often())

    async def flush(self, *, everything: bool = True) -> bool:
        """Write what there is, or only of what has ended; whether the log took it."""
        async with self._flushing:
            ended = list(self._ended)
            runs = list(self._runs.values()) if everything else ended
            frames = [batch for run in runs if (batch := run.live.unwritten())]
            if not frames and not ended:
                return True
            try:
                lost = await self._write(frames, [run.ending for run in ended if run.ending])
            except BackendError as exc:
                self._note_failure(exc)
                return False
            await self._note_written({run.id: run for run in runs}, frames, lost)
            await self._note_usage([run.ending for run in ended if run.ending])
            for run in ended:
                self._end(run, is_lost=run.id in lost)
            return True

    async def _write(self, frames: list[Frames], endings: list[Ending]) -> Collection[str]:
        now = asyncio.get_running_loop().time
        began = now()
        lost = await self._log.write(self._worker, frames, endings)
        self.figures.last_flush_seconds = now() - began
        self.figures.flush_seconds += self.figures.last_flush_seconds
        self.figures.flushes += 1
        return lost

    async def _note_usage(self, endings: Sequence[Ending]) -> None:
        """Before readers see the end: whoever then asks for more has a budget that knows of this."""
        for ending in endings:
            self.figures.count(ending)
        used = [ending for ending in endings if ending.usage is not None]
        if not used:
            return
        try:
            await self._log.note_usage(used)
        except BackendError as exc:
            logger.error("what %d turns have used is not counted: %s", len(used), exc)

    async def _note_written(
        self, runs: Mapping[str, TurnRun], frames: list[Frames], lost: Collection[str]
    ) -> None:
        for batch in frames:
            if batch.turn_id not in lost:
                runs[batch.turn_id].live.mark_written(batch.last)
                self.figures.frames += len(batch.frames)
        for turn_id in lost:
            if turn_id in runs:
                await self._lose(runs[turn_id])

    def _end(self, run: TurnRun, *, is_lost: bool) -> None:
        # with strict durability nobody sees the turn's own end where that is not in the log
        run.live.end(run.parting if is_lost and self._is_strict else b"")
        self._ended.remove(run)
        self._forget(run)

    async def _lose(self, run: TurnRun) -> None:
        if run.ending is not None or run.is_stopping:
            return
        if await self._is_deleted(run):
            run.stop("deleted")
        else:
            self.figures.leases_lost += 1
            logger.warning("turn %s is not ours any more: it was ended elsewhere", run.id)
            run.stop("lost")

    async def _is_deleted(self, run: TurnRun) -> bool:
        """Whether it has gone with its thread."""
        try:
            await self._log.load(run.id, run.live.owner)
        except NotFoundError:
            return True
        except BackendError:
            pass
        return False

    def _note_failure(self, exc: BackendError) -> None:
        """Nobody waits for the log for ever, and memory has an end."""
        self.figures.failures += 1
        logger.warning("the log of %d turns waits for its backend: %s", len(self._runs), exc)
        now = asyncio.get_running_loop().time()
        for run in list(self._ended):
            if now - run.ended_at > PATIENCE_SECONDS:
                self._end(run, is_lost=True)
            elif now - run.ended_at > ENDING_SECONDS and not self._is_strict:
                run.live.end()
        for run in self._runs.values():
            if run.live.count - run.live.written > MOST_UNWRITTEN:
                run.stop("unwritable")

    async def _flush_often(self) -> None:
        now = asyncio.get_running_loop().time
        next_full = now()
        while not self._stopping.is_set():
            await self._wait_until(next_full)
            everything = self._is_strict or now() >= next_full
            if everything:
                next_full = now() + FLUSH_SECONDS
            if not await self.flush(everything=everything):
                await rest(RETRY_SECONDS, self._stopping)

    async def _wait_until(self, time: float) -> None:
        """Until then, or for news; where no turn runs only for news."""
        try:
            async with asyncio.timeout_at(time if self._runs else None):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def _renew_often(self) -> None:
        while not self._stopping.is_set():
            await rest(self._renew_seconds, self._stopping)
            while (self._runs or self._followed()) and not await self._try_to_renew():
                # soon, so that nobody takes us for dead who finds the log back before we do
                await rest(RETRY_SECONDS, self._stopping)
                if self._stopping.is_set():
                    return

    async def _try_to_renew(self) -> bool:
        try:
            await self.renew()
        except BackendError as exc:
            logger.warning("the leases of %d turns are not renewed: %s", len(self._runs), exc)
            return False
        return True

    async def renew(self) -> None:
        """Lease our turns anew, and say which are read here. Raises BackendError."""
        before = dict(self._runs)
        read = [run.id for run in before.values() if run.readers]
        records = await self._log.renew(self._worker, [*read, *self._followed()])
        for turn_id in before.keys() - {record.id for record in records}:
            await self._lose(before[turn_id])
        self._renewed(records)

    async def _ask_often(self) -> None:
        while not self._stopping.is_set():
            await rest(CANCEL_SECONDS, self._stopping)
            with suppress(BackendError):  # the flushes tell of it
                await self._ask()

    async def _ask(self) -> None:
        if self._runs:
            self.stop(await self._log.cancelled(self._worker))
        if followed := self._followed():
            await self._log.claim(self._worker, followed)
        if any(run.is_left_to_others for run in self._runs.values()):
            await self.renew()  # so that we know soon when they leave it, too

    def stop(self, turn_ids: Collection[str]) -> None:
        """Stop those of the turns that run here: somebody wants that."""
        for turn_id in turn_ids:
            if turn_id in self._runs:
                self._runs[turn_id].stop("cancelled")
