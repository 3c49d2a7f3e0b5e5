"""Turns in flight: the runner that produces them, and the log by which they are read anywhere."""

from chatkit_asgi.streams.admission import begin_turn
from chatkit_asgi.streams.keeper import KeeperFigures
from chatkit_asgi.streams.log import TurnLog, TurnRecord, all_frames
from chatkit_asgi.streams.reading import TurnReading
from chatkit_asgi.streams.run import LastWords, Producer, TurnRun
from chatkit_asgi.streams.runner import Admit, Asked, TurnFigures, TurnRunner
from chatkit_asgi.streams.sweeper import Recover

__all__ = [
    "Admit",
    "Asked",
    "KeeperFigures",
    "LastWords",
    "Producer",
    "Recover",
    "TurnFigures",
    "TurnLog",
    "TurnReading",
    "TurnRecord",
    "TurnRun",
    "TurnRunner",
    "all_frames",
    "begin_turn",
]
