"""A real pgbouncer in transaction mode before a PostgreSQL; without the program a test is skipped."""

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.postgres import PARENT, START_SECONDS, Account

PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
PORT = "6432"
CONFIGURATION = """
[databases]
* = {address}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {home}
auth_type = trust
auth_file = {home}/users
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 500
"""


@contextlib.contextmanager
def pooler(url: str, *, servers: int) -> Iterator[str]:
    """The URL by which the database of `url` is reached through a pooler that keeps so many connections."""
    program = shutil.which(
        "pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
    )
    if program is None:
        pytest.skip("there is no pgbouncer on this machine (Debian: apt-get install pgbouncer)")
    account = Account()
    with tempfile.TemporaryDirectory(prefix="ckpb-", dir=PARENT, ignore_cleanup_errors=True) as name:
        home = Path(name)
        parsed = make_url(url)
        text = CONFIGURATION.format(address=address(url), home=home, port=PORT, servers=servers)
        (home / "pgbouncer.ini").write_text(text)
        (home / "users").write_text(f'"{parsed.username}" "{parsed.password or ""}"\n')
        account.give(home)
        process = account.popen(Path(program).parent, "pgbouncer", str(home / "pgbouncer.ini"), home=home)
        try:
            wait_for(home / f".s.PGSQL.{PORT}")
            yield f"postgresql://{parsed.username}@/{parsed.database}?host={home}&port={PORT}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)


def address(url: str) -> str:
    """Where pgbouncer finds the server."""
    parsed = make_url(url)
    host = parsed.query.get("host") or parsed.host
    parts = {"host": host, "port": parsed.port, "password": parsed.password}
    return " ".join(f"{name}={value}" for name, value in parts.items() if value)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"pgbouncer did not start:\n{(path.parent / 'log').read_text()}")
        time.sleep(0.02)
