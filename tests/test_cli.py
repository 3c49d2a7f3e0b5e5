"""The command line, as an operator types it."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from chatkit_asgi import RequestContext, Settings, __version__
from chatkit_asgi.application import open_store
from chatkit_asgi.cli import main
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.types import ActiveStatus, ClosedStatus, LockedStatus
from tests.factories import make_thread
from tests.s3 import Bucket

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _log_level() -> Iterator[None]:
    """Commands set it for their process, which here is that of all tests."""
    logger = logging.getLogger("chatkit_asgi")
    level = logger.level
    yield
    logger.setLevel(level)


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_migrate_makes_the_database_and_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert main(["migrate"]) == 0
    assert Path("chatkit-data/chatkit.sqlite3").exists()
    assert "head" in capsys.readouterr().out


def test_migrate_check_tells_whether_there_is_something_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "0001"]) == 0
    assert main(["migrate", "--check"]) == 1
    assert "at revision 0001" in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert main(["migrate", "--check"]) == 0
    assert capsys.readouterr().err == ""


def test_migrate_prints_statements_without_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for url, words in (("sqlite:///my.db", "AUTOINCREMENT"), ("postgresql://host/db", "IDENTITY")):
        monkeypatch.setenv("CHATKIT_DATABASE_URL", url)
        assert main(["migrate", "--sql"]) == 0
        assert words in capsys.readouterr().out
        assert main(["migrate", "--sql", "0001:head"]) == 0
        assert "CREATE TABLE threads" not in capsys.readouterr().out
    assert not Path("my.db").exists()


def test_unknown_revision_is_refused_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "9999"]) == 1
    assert capsys.readouterr().err.startswith("chatkit-asgi: ")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_operators_lock_close_and_open_threads(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgres" else "sqlite:///chat.db"
    monkeypatch.setenv("CHATKIT_DATABASE_URL", url)
    assert main(["migrate"]) == 0
    thread_id, context = f"thr_{uuid4().hex}", RequestContext(user_id="alice", tenant="acme")

    async def with_store(work: Callable[[SQLAlchemyStore[Any]], Awaitable[T]]) -> T:
        store = open_store(Settings())
        try:
            return await work(store)
        finally:
            await store.aclose()

    asyncio.run(with_store(lambda store: store.save_thread(make_thread(id=thread_id, title="kept"), context)))
    commands = {
        ("lock", thread_id, "--reason", "Under review."): LockedStatus(reason="Under review."),
        ("close", thread_id): ClosedStatus(),
        ("open", thread_id): ActiveStatus(),
    }
    for words, status in commands.items():
        assert main(["threads", *words]) == 0
        thread = asyncio.run(with_store(lambda store: store.load_thread(thread_id, context)))
        assert (thread.status, thread.title) == (status, "kept")
    assert f"the thread {thread_id} is locked" in capsys.readouterr().out
    assert main(["threads", "lock", "thr_none"]) == 1
    assert "thr_none" in capsys.readouterr().err


def test_check_names_each_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["database:", "files:", "answers:"]
    assert all(line.startswith("ok") for line in lines)


def test_check_says_what_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATKIT_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILED  database: ")
    assert "secret" not in out


def test_check_tries_the_object_store(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in bucket.settings().items():
        monkeypatch.setenv(f"CHATKIT_{name.upper()}", value)
    assert main(["check"]) == 0
    assert f"files: {bucket.url}" in capsys.readouterr().out
    monkeypatch.setenv("CHATKIT_FILES_SECRET_KEY", "wrong-secret")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "FAILED  files: " in out
    assert "wrong-secret" not in out


def test_wrong_settings_are_told_without_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATKIT_HEARTBEAT", "often")
    monkeypatch.setenv("CHATKIT_AUTH_TOKENS", "me:secret")
    assert main(["check"]) == 1
    err = capsys.readouterr().err
    assert "CHATKIT_HEARTBEAT" in err
    assert "secret" not in err


def test_import_paths_that_lead_nowhere_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATKIT_AGENT", "no_such_module:agent")
    assert main(["check"]) == 1
    assert "no_such_module:agent" in capsys.readouterr().out


def test_modules_are_looked_for_in_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed command does not put it on the path, as uvicorn and `python -m` do."""
    Path("mine.py").write_text("from agents import Agent\nagent = Agent(name='Mine')\nnothing = 1\n")
    command = [str(Path(sys.executable).with_name("chatkit-asgi")), "check"]
    for name, status in (("mine:agent", 0), ("mine:nothing", 1)):
        monkeypatch.setenv("CHATKIT_AGENT", name)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr


def test_folder_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").write_text("")
    monkeypatch.setenv("CHATKIT_DATA_DIR", "taken/data")
    assert main(["migrate"]) == 1
    assert "CHATKIT_DATA_DIR" in capsys.readouterr().err


def test_module_runs_as_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["chatkit-asgi", "migrate"])
    with pytest.raises(SystemExit) as ended:
        import chatkit_asgi.__main__  # noqa: F401 - the import runs the command
    assert ended.value.code == 0
