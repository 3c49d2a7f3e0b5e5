"""What we add to the driver of SQLite: settings, and several statements in one visit to its thread."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

__all__ = ["PRAGMAS", "READS", "WRITES", "Call", "Outcome", "SQLiteConnection"]

BUSY_SECONDS = 10.0
"""How long a connection waits for others that have locked the file."""
PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")
"""WAL with NORMAL: a crash of the process loses nothing, a power cut at most the last commits."""
PAUSE = 0.005

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
    """Has our settings, ends its transaction when it is closed, and runs calls together.

    Since Python 3.11 the second is put off while a cursor is open, as a cancelled call may leave it; until
    some day the garbage is collected, the database would stay locked for everybody.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: as in sqlite3
        super().__init__(*arguments, **options)
        self.isolation_level = None  # the driver begins nothing by itself
        for pragma in PRAGMAS:
            self._set(pragma)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:  # Any: as in sqlite3, or calls
        if sql is READS:
            return _Outcomes(self._read(call) for call in parameters)
        if sql is WRITES:
            return _Outcomes(self._write_all(parameters))
        return super().execute(sql, parameters)

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was closed before
            if self.in_transaction:
                self.rollback()
        super().close()

    def _set(self, pragma: str) -> None:
        """SQLite does not wait where two connections switch a new file to WAL at the same moment."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                super().execute(f"PRAGMA {pragma}")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

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
