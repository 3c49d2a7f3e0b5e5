"""Scripted runs of the Agents SDK for both packages: the model's events, and what tools do meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.parity.packages import CLOCK, Package

__all__ = ["Assign", "Call", "Fail", "Hang", "Run", "Show", "Wait", "stream_run"]


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


@dataclass(frozen=True)
class Show:
    """A tool of the run streams a widget, state by state."""

    states: Sequence[Any]
    copy_text: str | None = None


@dataclass(frozen=True)
class Hang:
    """The model is silent, and the client goes away."""


def stream_run(package: Package, run: Run, server: Any, thread: Any, request_context: Any) -> Any:
    """The run's events, as the package streams them."""
    context = package.agents.AgentContext(thread=thread, store=server.store, request_context=request_context)
    options = {} if run.converter is None else {"converter": run.converter(package)}
    return package.agents.stream_agent_response(context, _Run(package, run, context, server.left), **options)


class _Run:
    """Of a run's interface, both packages use nothing else."""

    def __init__(self, package: Package, run: Run, context: Any, left: asyncio.Event) -> None:
        self._package, self._run, self._context, self._left = package, run, context, left

    async def stream_events(self) -> AsyncIterator[Any]:
        for step in self._run.steps:
            match step:
                case Call():
                    args = self._package.build(list(step.args))
                    await getattr(self._context, step.method)(*args, **self._package.build(step.kwargs))
                    await _settled()
                case Assign():
                    setattr(self._context, step.name, self._package.build(step.value))
                case Show():
                    states = _states(
                        [self._package.root_adapter.validate_python(each) for each in step.states]
                    )
                    await self._context.stream_widget(states, step.copy_text)
                    await _settled()
                case Hang():
                    self._left.set()
                    await asyncio.Event().wait()
                case Wait():
                    CLOCK.advance(step.seconds)
                case Fail():
                    raise step.kind(*step.args)
                case _:
                    yield step


async def _states(states: list[Any]) -> AsyncIterator[Any]:
    for state in states:
        yield state


async def _settled() -> None:
    """Let the loop turn until what was put in line is out: upstream, what comes at once has no order."""
    for _ in range(100):
        await asyncio.sleep(0)
