"""What an answer has used: tokens, of which model, and how soon its first word came."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

__all__ = ["TurnMeter", "Usage", "metered", "note_first_token", "note_usage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What calls of a model have used."""

    model: str = ""
    requests: int = 1
    input_tokens: int = 0
    cached_tokens: int = 0
    """Of the input, those that the server knew already."""
    output_tokens: int = 0
    reasoning_tokens: int = 0
    """Of the output, those that nobody saw."""

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def plus(self, other: "Usage") -> "Usage":
        """Both together, under the name of the first that has one."""
        return Usage(
            model=self.model or other.model,
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


class TurnMeter:
    """Sums up what one turn uses."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.usage: Usage | None = None
        self.first_token_seconds: float | None = None
        """From the turn's beginning to the first of the answer that could be shown."""

    def note(self, usage: Usage) -> None:
        self.usage = usage if self.usage is None else self.usage.plus(usage)

    def note_first_token(self) -> None:
        if self.first_token_seconds is None:
            self.first_token_seconds = time.monotonic() - self.began

    @property
    def seconds(self) -> float:
        """Since the turn's beginning."""
        return time.monotonic() - self.began


_meter: ContextVar[TurnMeter | None] = ContextVar("chatkit_turn_meter", default=None)


@contextmanager
def metered() -> Iterator[TurnMeter]:
    """A meter for what is noted within."""
    meter = TurnMeter()
    reset = _meter.set(meter)
    try:
        yield meter
    finally:
        _meter.reset(reset)


def note_usage(usage: Usage) -> None:
    """Count this for the turn that is being answered; outside of one it counts for nothing.

    `AgentServer` does so itself. For a `respond()` of one's own, and functions that answer.
    """
    meter = _meter.get()
    if meter is not None and (usage.total_tokens or usage.model):
        meter.note(replace(usage))


def note_first_token() -> None:
    """The first word of the answer is there. What comes later is no first one."""
    meter = _meter.get()
    if meter is not None:
        meter.note_first_token()
