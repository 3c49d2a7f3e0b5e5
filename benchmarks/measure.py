"""Measuring: the same work by each candidate in turn, so that a busy machine hits all alike."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.candidates import CANDIDATES, OURS, PUBLISHED, Candidate, comparable

__all__ = ["MICROSECONDS", "Load", "Result", "Row", "Target", "cpu_time", "measure", "require_equal"]

Load = Callable[[], Awaitable[bytes]]
"""One round's work; gives what a client would get."""

MICROSECONDS = 1e6


@dataclass(frozen=True)
class Target:
    """What a row has to reach; what is None is not asked for."""

    times: float | None = None
    """How many times less than the published package."""
    at_most: float | None = None
    """The most of the row's unit."""
    over_bare: float | None = None
    """The most in relation to a bare server that sends the same bytes."""

    def __str__(self) -> str:
        parts = [
            self.times and f"≥ {self.times:g}×",
            self.at_most is not None and f"≤ {self.at_most:g}",
            self.over_bare and f"≤ {self.over_bare:g}× bare",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Result:
    """A row's figures: what each candidate took in each round."""

    name: str
    target: Target
    unit: str
    samples: dict[str, list[float]]
    beside: str = PUBLISHED.name
    """The candidate that ours is compared with, if it was measured."""

    def cost(self, candidate: str) -> float:
        return median(self.samples[candidate])

    def ratio(self, candidate: str) -> float | None:
        """How much more the candidate takes than we: the median of the rounds' ratios."""
        if candidate not in self.samples:
            return None
        pairs = zip(self.samples[candidate], self.samples[OURS.name], strict=True)
        return median(theirs / ours for theirs, ours in pairs)

    def misses(self) -> Iterator[str]:
        """What falls short of the target."""
        times, bare = self.ratio(self.beside), self.ratio("bare")
        if self.target.times and times is not None and times < self.target.times:
            yield f"{times:.3g}×"
        if self.target.at_most is not None and self.cost(OURS.name) > self.target.at_most:
            yield f"{self.cost(OURS.name):.3g} {self.unit}"
        if self.target.over_bare and bare is not None and 1 / bare > self.target.over_bare:
            yield f"{1 / bare:.3g}× bare"


@dataclass(frozen=True)
class Row:
    """Work in this process. `make` prepares it for a candidate; one round of it is `count` events."""

    name: str
    target: Target
    count: int
    make: Callable[[Candidate], Load]


def measure(row: Row, rounds: int) -> Result:
    """Run a row in a loop of its own. Raises AssertionError when the candidates' outputs differ."""
    return asyncio.run(_measure(row, rounds))


async def _measure(row: Row, rounds: int) -> Result:
    loads = [(candidate, row.make(candidate)) for candidate in CANDIDATES]
    require_equal(row.name, [await load() for _, load in loads])
    samples: dict[str, list[float]] = {candidate.name: [] for candidate in CANDIDATES}
    for _ in range(rounds):
        for candidate, load in loads:
            with candidate.mended():
                samples[candidate.name].append(await cpu_time(load) / row.count * MICROSECONDS)
    return Result(row.name, row.target, "µs", samples)


async def cpu_time(load: Load) -> float:
    gc.collect()
    began = time.process_time()
    await load()
    return time.process_time() - began


def require_equal(name: str, outputs: Sequence[bytes]) -> None:
    """Fast and wrong is not fast."""
    first, *others = [comparable(output) for output in outputs]
    for other in others:
        assert first == other, f"{name}: the outputs differ\n{first[:2000]!r}\n{other[:2000]!r}"
