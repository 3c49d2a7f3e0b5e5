"""Connections that open a new SQLite file at the same moment, as several processes do at first."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from chatkit_asgi.store.sql.sqlite import SQLiteConnection

CONNECTIONS, FILES, BOUND = 4, 120, 30


def test_connections_that_open_a_new_file_at_once_all_get_their_settings(tmp_path: Path) -> None:
    """All but one switch of the journal would fail, at once and without waiting."""
    barrier = Barrier(CONNECTIONS)

    def open_file(number: int) -> object:
        barrier.wait(BOUND)
        connection = sqlite3.connect(tmp_path / f"{number}.db", factory=SQLiteConnection)
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        connection.close()
        return mode

    def open_files(_task: int) -> list[object]:
        return [open_file(number) for number in range(FILES)]

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        assert list(threads.map(open_files, range(CONNECTIONS))) == [["wal"] * FILES] * CONNECTIONS


def test_connection_may_be_closed_twice(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "chatkit.db", factory=SQLiteConnection)
    for _ in range(2):
        connection.close()
