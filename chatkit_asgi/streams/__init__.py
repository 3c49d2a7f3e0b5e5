"""Turns in flight: the log of their frames, and the runner that produces them."""

from chatkit_asgi.streams.memory import MemoryTurnLog
from chatkit_asgi.streams.old_log import TurnLog, TurnReader
from chatkit_asgi.streams.runner import RunningTurn, TurnRunner

__all__ = ["MemoryTurnLog", "RunningTurn", "TurnLog", "TurnReader", "TurnRunner"]
