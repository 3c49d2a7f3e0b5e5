"""What we add to the driver of SQLite: several statements in one visit to the connection's thread."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["READS", "WRITES", "Call", "Outcome", "SQLiteConnection"]

READS = "-- reads"
"""Given to `execute` instead of SQL, the parameters being calls: runs them one after the other."""
WRITES = "-- writes"
"""The same in one transaction; a call that fails is undone alone."""

Outcome = list[tuple[Any, ...]] | sqlite3.Error
"""The rows of one call, or what was wrong with it. `Any`: columns of any type."""


class Call(NamedTuple):
    """A statement and its parameters."""

    sql: str
    parameters: Sequence[Any]


class _Outcomes(list[Outcome]):
    """Stands in for a cursor."""

    def fetchall(self) -> list[Outcome]:
        return self


class SQLiteConnection(sqlite3.Connection):
    """Ends its transaction when it is closed, and runs calls together.

    Since Python 3.11 the former is put off while a cursor is open, as a cancelled call may leave it; until
    some day the garbage is collected, the database would stay locked for everybody.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> Any:  # Any: as in sqlite3, or calls
        if sql is READS:
            return _Outcomes(self._read(call) for call in parameters)
        if sql is WRITES:
            return _Outcomes(self._write_all(parameters))
        return super().execute(sql, parameters)

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()

    def _read(self, call: Call) -> Outcome:
        try:
            return super().execute(call.sql, call.parameters).fetchall()
        except sqlite3.Error as error:
            return error

    def _write_all(self, calls: Iterable[Call]) -> list[Outcome]:
        self.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._write(call) for call in calls]
            self.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise
        return outcomes

    def _write(self, call: Call) -> Outcome:
        outcome = self._read(call)
        if isinstance(outcome, sqlite3.Error) and not self.in_transaction:
            raise outcome  # SQLite gave up all of it, as it does when the disk is full
        return outcome
