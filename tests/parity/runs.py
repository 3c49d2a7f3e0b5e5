"""Scripted runs of the Agents SDK for both packages: the model's events, and what tools do meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.parity.packages import CLOCK, Package

__all__ = ["Assign", "Call", "Fail", "Run", "Wait", "stream_run"]


@dataclass(frozen=True)
class Call:
    """A tool of the run calls a method of its context."""

    method: str
    args: Sequence[Any] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assign:
    """A tool of the run sets an attribute of its context."""

    name: str
    value: Any


@dataclass(frozen=True)
class Wait:
    """The model takes its time."""

    seconds: float


@dataclass(frozen=True)
class Fail:
    """The run fails."""

    kind: type[Exception]
    args: Sequence[Any] = ()


@dataclass(frozen=True)
class Run:
    """A run: events of the Agents SDK, and what happens between them."""

    steps: Sequence[Any]
    converter: Any = None


def stream_run(package: Package, run: Run, thread: Any, store: Any, request_context: Any) -> Any:
    """The run's events, as the package streams them."""
    context = package.agents.AgentContext(thread=thread, store=store, request_context=request_context)
    options = {} if run.converter is None else {"converter": run.converter(package)}
    return package.agents.stream_agent_response(context, _Run(package, run, context), **options)


class _Run:
    """Of a run's interface, both packages use nothing else."""

    def __init__(self, package: Package, run: Run, context: Any) -> None:
        self._package, self._run, self._context = package, run, context

    async def stream_events(self) -> AsyncIterator[Any]:
        for step in self._run.steps:
            match step:
                case Call():
                    args = self._package.build(list(step.args))
                    await getattr(self._context, step.method)(*args, **self._package.build(step.kwargs))
                    await _settled()
                case Assign():
                    setattr(self._context, step.name, self._package.build(step.value))
                case Wait():
                    CLOCK.advance(step.seconds)
                case Fail():
                    raise step.kind(*step.args)
                case _:
                    yield step


async def _settled() -> None:
    """Until what was put in line is out: upstream, what comes at once comes in any order."""
    for _ in range(10):
        await asyncio.sleep(0)
