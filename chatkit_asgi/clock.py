"""The time of day, always aware and in UTC. Everything that needs "now" asks here."""

from datetime import UTC, datetime

__all__ = ["as_utc", "utcnow"]


def utcnow() -> datetime:
    """Now, timezone-aware, in UTC."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive one is taken as local time, as ``datetime.now()`` makes them."""
    return moment.astimezone(UTC)
