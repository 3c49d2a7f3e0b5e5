"""A real S3 API over HTTP that checks signatures: OpenStack Swift, from PyPI, on loopback ports.

Its four servers die with the test run. Where they cannot run the tests are skipped, under CI they fail.
"""

import contextlib
import importlib.util
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import obstore
import pytest

from chatkit_asgi.attachments import PlaceAccess
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.attachments.presigning import presign
from chatkit_asgi.clock import utcnow
from tests.postgres import end_with_parent

__all__ = ["Bucket", "bucket", "new_bucket", "running", "s3_server"]

ACCESS_KEY = "test:tester"
SECRET_KEY = "testing"
REGION = "us-east-1"
BUCKET = "chatkit"
START_SECONDS = 60

MODULES = {"account": "account", "container": "container", "object": "obj"}
"""The servers behind the one that clients speak to, each in a module of Swift's."""

RINGS = """
import sys
from swift.common.ring import RingBuilder
for pair in sys.argv[2:]:
    name, port = pair.split("=")
    ring = RingBuilder(2, 1, 0)
    ring.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="disk", weight=1,
                      meta="", replication_ip="127.0.0.1", replication_port=int(port)))
    ring.rebalance()
    ring.get_ring().save(f"{sys.argv[1]}/{name}.ring.gz")
"""
COMMON = """
[DEFAULT]
swift_dir = {etc}
devices = {etc}
mount_check = false
fallocate_reserve = 0
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
"""
STORAGE = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy slo dlo symlink
  proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
cors_allow_origin = *
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
allow_multipart_uploads = true
min_segment_size = 5242880
cors_preflight_allow_origin = *
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
"""
FILTERS = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "copy", "slo", "dlo", "symlink")


@dataclass(frozen=True)
class Bucket:
    """A prefix of its own in a bucket, for one test."""

    url: str
    access: PlaceAccess

    def blobs(self) -> ObjectBlobStore:
        return ObjectBlobStore(self.url, self.access)

    def names(self) -> list[str]:
        """All keys in it."""
        store = self.blobs()._store
        return sorted(each["path"] for found in obstore.list(store) for each in found)

    def settings(self) -> dict[str, str]:
        """What points the app at it, by the names of its settings."""
        return {
            "files_url": self.url,
            "files_endpoint": self.access.endpoint,
            "files_region": self.access.region,
            "files_access_key": self.access.access_key,
            "files_secret_key": self.access.secret_key,
        }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The endpoint of a server with one bucket."""
    missing = "swift does not run here" if sys.platform != "linux" else "needs swift (pip install swift)"
    if sys.platform != "linux" or importlib.util.find_spec("swift") is None:
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with running() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    return new_bucket(s3_server)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The endpoint of a server that runs meanwhile."""
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="cks3-", ignore_cleanup_errors=True))
        yield _start(Path(name), stack)


def new_bucket(endpoint: str) -> Bucket:
    """An empty prefix on the server."""
    access = PlaceAccess(endpoint=endpoint, region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    return Bucket(f"s3://{BUCKET}/test {uuid4().hex[:8]}", access)


def _start(home: Path, stack: contextlib.ExitStack) -> str:
    (home / "disk").mkdir()
    (home / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = x\nswift_hash_path_prefix = y\n"
        "[storage-policy:0]\nname = p0\ndefault = yes\n"
    )
    ports = dict(zip((*MODULES, "proxy"), _free_ports(len(MODULES) + 1), strict=True))
    rings = [f"{name}={ports[name]}" for name in MODULES]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RINGS, str(home), *rings], check=True, env=_environment()
    )
    for name, module in MODULES.items():
        _serve(home, name, module, ports[name], STORAGE.format(name=name), stack)
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in FILTERS)
    _serve(home, "proxy", "proxy", ports["proxy"], PROXY + filters, stack)
    endpoint = f"http://127.0.0.1:{ports['proxy']}"
    _wait_until_ready(home, endpoint)
    return endpoint


def _serve(home: Path, name: str, module: str, port: int, settings: str, stack: contextlib.ExitStack) -> None:
    user = pwd.getpwuid(os.getuid()).pw_name
    path = home / f"{name}.conf"
    path.write_text(COMMON.format(etc=home, port=port, user=user) + settings)
    main = f"import sys; from swift.{module}.server import main; sys.exit(main())"
    with (home / f"{name}.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", main, str(path)],
            stdout=log,
            stderr=log,
            env=_environment(),
            preexec_fn=end_with_parent,
        )
    stack.callback(server.wait, START_SECONDS)
    stack.callback(server.kill)


def _environment() -> dict[str, str]:
    return {**os.environ, "SWIFT_TEST": "1", "EVENTLET_NO_GREENDNS": "yes"}


def _wait_until_ready(home: Path, endpoint: str) -> None:
    """Wait until the bucket can be made: then all servers answer."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.put(_bucket_link(endpoint), timeout=5, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Swift did not start:\n{(home / 'proxy.log').read_text()[-2000:]}")


def _bucket_link(endpoint: str) -> str:
    access = PlaceAccess(endpoint=endpoint, region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    return presign("PUT", f"{endpoint}/{BUCKET}", access, now=utcnow(), expires=60, headers={}, query={})


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
