"""The type of the protocol's points in time."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from chatkit_asgi.clock import as_utc

__all__ = ["Timestamp"]


def _aware(moment: datetime) -> datetime:
    return as_utc(moment) if moment.tzinfo is None else moment


Timestamp = Annotated[datetime, AfterValidator(_aware)]
"""An aware datetime, written in ISO 8601 with its offset or `Z`. A naive one is taken as local time."""
