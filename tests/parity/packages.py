"""Both packages side by side: their modules, values to be made of either's classes, one clock for both."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, partial
from types import ModuleType
from typing import Any
from unittest.mock import patch

from pydantic import TypeAdapter

from chatkit_asgi import actions, agents, clock, errors, server, store, types, widgets
from tests import peer

__all__ = ["CLOCK", "HERE", "MOMENT", "OURS", "PEER", "Clock", "Make", "Package", "agreed_clock", "make"]

# Any in this module and its neighbours: values are of the classes of either package.


@dataclass(frozen=True)
class Package:
    """One of the two packages."""

    name: str
    actions: Any
    agents: Any
    errors: Any
    server: Any
    store: Any
    types: Any
    widgets: Any

    @cached_property
    def item_adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.types.ThreadItem)

    @cached_property
    def attachment_adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.types.Attachment)

    @cached_property
    def root_adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.types.WidgetRoot)

    def build(self, value: Any) -> Any:
        """The value, with everything in it that is to be made made of this package's classes."""
        match value:
            case Make(name=name, fields=fields):
                return self._class(name)(**{key: self.build(each) for key, each in fields.items()})
            case dict():
                return {key: self.build(each) for key, each in value.items()}
            case list():
                return [self.build(each) for each in value]
        return value

    def _class(self, name: str) -> Any:
        return next(
            getattr(module, name)
            for module in (self.types, self.widgets, self.agents, self.errors)
            if hasattr(module, name)
        )


OURS = Package("ours", actions, agents, errors, server, store, types, widgets)
PEER = Package(
    "peer", peer.actions, peer.agents, peer.errors, peer.server, peer.store, peer.types, peer.widgets
)


@dataclass(frozen=True)
class Make:
    """A value to be made of the class of that name, of whichever package is asked."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"make.{self.name}({', '.join(f'{key}={value!r}' for key, value in self.fields.items())})"


class _Maker:
    """`make.EndOfTurnItem(id="x", ...)`: both packages' class of that name, called with these fields."""

    def __getattr__(self, name: str) -> Callable[..., Make]:
        return partial(_make, name)


def _make(class_name: str, /, **fields: Any) -> Make:
    return Make(class_name, fields)


make = _Maker()

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
"""When everything in the scripts was created, and when the clock starts."""
HERE: dict[str, Any] = {"thread_id": "thr_1", "created_at": MOMENT}
"""What every item of the scripts has."""


class Clock:
    """Stands still until a script moves it."""

    def __init__(self) -> None:
        self.now = MOMENT

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


CLOCK = Clock()


class _AgreedDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        """The agreed time, without an offset where none is asked for: there, UTC counts as local time."""
        return CLOCK.now.astimezone(tz) if tz else CLOCK.now.replace(tzinfo=None)


def _modules_with_a_clock() -> list[ModuleType]:
    theirs = (peer.server, peer.agents, peer.types)
    return [clock, *(module for module in theirs if getattr(module, "datetime", None) is datetime)]


@contextmanager
def agreed_clock() -> Iterator[Clock]:
    """The same time for both packages, from the beginning; and neither's logs and warnings."""
    CLOCK.now = MOMENT
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)
        for module in _modules_with_a_clock():
            stack.enter_context(patch.object(module, "datetime", _AgreedDatetime))
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable()
        yield CLOCK
