"""Hears of the signals that end the process, beside whoever handles them.

Servers tell an app of its end only when all responses are over, which is too late to end them.
"""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any, Protocol
from weakref import WeakKeyDictionary

__all__ = ["Told", "hear", "ignore"]

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Told(Protocol):
    """Who wants to hear. Only held weakly."""

    def tell(self, patience: float | None) -> None:
        """The process is told to end; the server waits `patience` seconds for responses (None: for ever).

        Called in the event loop, perhaps more than once.
        """


class _Ear:
    """The handler of a signal, which tells of it and then calls the one there was before."""

    def __init__(self, before: Any) -> None:  # Any: what the signal module says
        self.before = before
        self.told: WeakKeyDictionary[Told, asyncio.AbstractEventLoop] = WeakKeyDictionary()
        self._count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        is_impatient = (
            number == signal.SIGINT and self._count > 1
        )  # who presses Ctrl-C again wants it to end now
        patience = 0.0 if is_impatient else _patience_of(self.before)
        for told, loop in list(self.told.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(told.tell, patience)
        if callable(self.before):
            self.before(number, frame)
        elif self.before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def hear(told: Told) -> None:
    """Have it told in the running event loop. Nothing happens outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        ear = signal.getsignal(number)
        if not isinstance(ear, _Ear):
            ear = _Ear(ear)
            signal.signal(number, ear)
        ear.told[told] = asyncio.get_running_loop()


def ignore(told: Told) -> None:
    """Have it told no more, and all as it was before where nobody else is."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        ear = signal.getsignal(number)
        if isinstance(ear, _Ear):
            ear.told.pop(told, None)
            if not ear.told:
                signal.signal(number, ear.before)


def _patience_of(handler: Any) -> float | None:  # Any: what the signal module says
    """How long uvicorn waits for responses, whose handler is a method of its server."""
    config = getattr(getattr(handler, "__self__", None), "config", None)
    seconds = getattr(config, "timeout_graceful_shutdown", None)
    return float(seconds) if isinstance(seconds, int | float) else None
