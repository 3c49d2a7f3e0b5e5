"""Examples are started by the command that they name, as processes of their own."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from tests.postgres import end_with_parent
from tests.web.chat import Chat

ROOT = Path(__file__).parents[2]
BOUND = 60
"""Seconds after which a test has failed that waits for something."""

Start = Callable[..., Chat]


def command_of(name: str) -> tuple[dict[str, str], list[str]]:
    """What the example's first lines say is to be typed: variables, and the program with its arguments."""
    found = re.search(r"^    (.*uvicorn .*)$", (ROOT / "examples" / f"{name}.py").read_text(), re.MULTILINE)
    assert found is not None
    words = shlex.split(found[1])
    program = words.index("uvicorn")
    return dict(word.split("=", 1) for word in words[:program]), words[program:]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """Starts an example: `await start("quickstart", VARIABLE="…")` gives a client of it."""
    async with AsyncExitStack() as stack:

        async def start(name: str, path: str = "", **variables: str) -> Chat:
            return await stack.enter_async_context(running(name, tmp_path, path, variables))

        yield start


@asynccontextmanager
async def running(name: str, folder: Path, path: str, variables: dict[str, str]) -> AsyncIterator[Chat]:
    named, command = command_of(name)
    environment = {
        **os.environ,
        **named,
        "CHATKIT_DATA_DIR": str(folder),
        "CHATKIT_DEMO_DELAY": "0",
        **variables,
    }
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "log").open("wb") as log:
        child = begin([*command, "--fd", str(listener.fileno())], environment, listener, log)
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
            async with httpx.AsyncClient(base_url=url, timeout=BOUND, trust_env=False) as http:
                yield Chat(http)
        finally:
            child.terminate()
            child.wait(BOUND)
            print((folder / "log").read_text())


def begin(
    command: list[str], environment: dict[str, str], listener: socket.socket, log: BinaryIO
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=end_with_parent,
    )
