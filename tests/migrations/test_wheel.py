"""The revisions and the catalogues come along in the wheel, which serves a page in any case."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ASK = """
import asyncio, httpx
from starlette.applications import Starlette
from chatkit_asgi.web.playground import page_routes

async def ask():
    transport = httpx.ASGITransport(Starlette(routes=page_routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as http:
        for path in ("/", "/chatkit.js"):
            print((await http.get(path)).status_code)

asyncio.run(ask())
"""


def run(*arguments: str, folder: Path, path: Path | None = None) -> str:
    environment = {**os.environ, "CHATKIT_BUILD_PAGE": "0", **({"PYTHONPATH": str(path)} if path else {})}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation of the wheel would put into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), folder=ROOT)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_installed_wheel_migrates(unpacked: Path, tmp_path: Path) -> None:
    where = "import chatkit_asgi; print(chatkit_asgi.__file__)"
    assert run("-c", where, folder=tmp_path, path=unpacked).startswith(str(unpacked))
    run("-m", "chatkit_asgi", "migrate", folder=tmp_path, path=unpacked)
    assert "up to date" in run("-m", "chatkit_asgi", "migrate", "--check", folder=tmp_path, path=unpacked)


def test_wheel_holds_each_revision_once(unpacked: Path) -> None:
    revisions = {path.name for path in (ROOT / "migrations" / "versions").glob("*.py")}
    bundled = list(unpacked.rglob("versions/*.py"))
    assert {path.name for path in bundled} == revisions
    assert {path.parents[1] for path in bundled} == {unpacked / "chatkit_asgi" / "_migrations"}


def test_wheel_holds_the_catalogues(unpacked: Path) -> None:
    catalogues = {path.name for path in (ROOT / "chatkit_asgi" / "locale").glob("*.po")}
    assert {path.name for path in unpacked.glob("chatkit_asgi/locale/*.po")} == catalogues > {"de.po"}


def test_wheel_without_the_built_page_serves_the_small_one(unpacked: Path, tmp_path: Path) -> None:
    shutil.rmtree(unpacked / "chatkit_asgi" / "web" / "page", ignore_errors=True)
    assert run("-c", ASK, folder=tmp_path, path=unpacked).split() == ["200", "404"]
