"""A real nginx with its default settings before a process; without the program a test is skipped."""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import end_with_parent
from tests.processes.workers import BOUND

PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {home}/pid;
error_log {home}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {url};
            {directives}
        }}
    }}
}}
"""


@contextlib.contextmanager
def before(url: str, directives: str = "") -> Iterator[str]:
    """The URL under which nginx passes requests on to `url`."""
    program = shutil.which("nginx", path=PLACES)
    if program is None:
        pytest.skip("there is no nginx on this machine (Debian: apt-get install nginx-light)")
    with tempfile.TemporaryDirectory(prefix="cknx-", dir="/tmp", ignore_cleanup_errors=True) as name:
        home, port = Path(name), free_port()
        home.chmod(0o755)  # its workers may be another user's
        text = CONFIGURATION.format(home=home, port=port, url=url, directives=directives)
        (home / "nginx.conf").write_text(text)
        process = subprocess.Popen(
            [program, "-p", str(home), "-c", str(home / "nginx.conf")],
            stderr=subprocess.PIPE,
            preexec_fn=end_with_parent,
        )
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=BOUND)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + BOUND
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("nginx did not start")
