"""Files over HTTP: a gigabyte up and down, on local disk and on a real S3 API.

Beside us stands the store library behind an endpoint that does nothing else; for downloads, `FileResponse`.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx

from benchmarks.candidates import OURS
from benchmarks.measure import Result, Target
from tests.s3 import new_bucket, running

__all__ = ["GIGABYTE", "measure_downloads", "measure_uploads", "served"]

GIGABYTE = 1 << 30
BLOCK = bytes(range(256)) * 4096
BOUNDARY = "xyz"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
AS_FAST = Target(over_bare=1.25)
"""Eight tenths of what the library reaches."""


class Served:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = f"http://127.0.0.1:{self._line()}"
        self.client = httpx.Client(trust_env=False, timeout=600)

    def sizes(self) -> tuple[int, int]:
        """Kibibytes it takes now, and took at the most."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)
        now, most = map(int, self._line().split())
        return now, most

    def upload(self, size: int) -> httpx.Response:
        """Send a form with so many bytes."""
        headers = {
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "content-length": str(len(HEAD) + size + len(END)),
        }
        response = self.client.post(f"{self.address}/files", content=_form(size), headers=headers)
        assert response.status_code == 200, response.text
        return response

    def download(self, url: str) -> int:
        """Read everything; gives how many bytes there were."""
        with self.client.stream("GET", url) as response:
            assert response.status_code == 200
            return sum(map(len, response.iter_raw(1 << 20)))

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _form(size: int) -> Iterator[bytes]:
    yield HEAD
    for _ in range(size // len(BLOCK)):
        yield BLOCK
    yield END


@contextmanager
def served(name: str, url: str, access: dict[str, object]) -> Iterator[Served]:
    """One of the candidates, on a place."""
    command = [sys.executable, "-m", "benchmarks.files.serve", name, json.dumps([url, access])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Served(process)
        finally:
            process.communicate()


@contextmanager
def _places() -> Iterator[dict[str, tuple[str, dict[str, object]]]]:
    """Local disk and S3."""
    with tempfile.TemporaryDirectory(prefix="chatkit-files-") as folder, running() as endpoint:
        bucket = new_bucket(endpoint)
        yield {"disk": (folder, {}), "S3": (bucket.url, asdict(bucket.access))}


def measure_uploads(rounds: int) -> Iterator[Result]:
    """Seconds for a gigabyte, and by how much it makes the process grow."""
    with _places() as places:
        for kind, (url, access) in places.items():
            yield from _measure_upload(kind, url, access, rounds if kind == "disk" else 1)


def _measure_upload(kind: str, url: str, access: dict[str, object], rounds: int) -> Iterator[Result]:
    times: dict[str, list[float]] = {OURS.name: [], "bare": []}
    growth = []
    with served("ours", url, access) as ours, served("bare", url, access) as bare:
        for server in (ours, bare):
            server.upload(32 << 20)  # everything is loaded and connected
        for _ in range(rounds):
            before, _ = ours.sizes()
            times[OURS.name].append(_seconds(ours))
            growth.append((ours.sizes()[1] - before) / 1024)
            times["bare"].append(_seconds(bare))
            _empty(url, kind)
    yield Result(f"files: upload to {kind}", AS_FAST, "s/GB", times, beside="bare")
    yield Result(f"files: memory of an upload to {kind}", Target(at_most=30), "MiB", {OURS.name: growth})


def _seconds(server: Served) -> float:
    began = time.perf_counter()
    server.upload(GIGABYTE)
    return time.perf_counter() - began


def _empty(url: str, kind: str) -> None:
    if kind == "disk":
        for path in Path(url).rglob("*"):
            if path.is_file():
                path.unlink()


def measure_downloads(rounds: int) -> Iterator[Result]:
    """Seconds for a gigabyte from local disk."""
    times: dict[str, list[float]] = {OURS.name: [], "bare": []}
    with (
        tempfile.TemporaryDirectory(prefix="chatkit-files-") as folder,
        served("ours", folder, {}) as ours,
        served("bare", folder, {}) as bare,
    ):
        found = ours.upload(GIGABYTE).json()
        bare.upload(GIGABYTE)
        link = ours.client.get(f"{ours.address}/link", params={"id": found["id"]}).text
        for _ in range(rounds):
            for name, server, url in ((OURS.name, ours, link), ("bare", bare, f"{bare.address}/files")):
                began = time.perf_counter()
                assert server.download(url) >= GIGABYTE
                times[name].append(time.perf_counter() - began)
    yield Result("files: download from disk", AS_FAST, "s/GB", times, beside="bare")
