"""`CHATKIT_MCP`: what it may say, what is said of its faults, and that its secrets are in no log."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.checks import check
from chatkit_asgi.cli import main
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.mcp_config import read_mcp, secrets_of_mcp
from tests.live import serving
from tests.mcp_server import make_server
from tests.model_api import Call, model_api
from tests.web.chat import Chat

BOX: dict[str, Any] = {"command": sys.executable, "args": ["-m", "tests.mcp_server"]}


def written(**servers: object) -> str:
    return json.dumps({"mcpServers": servers})


def test_common_form_is_read_from_text_or_file(tmp_path: Path) -> None:
    text = written(
        files={**BOX, "env": {"A": "1"}, "alwaysAllow": ["add"], "timeout": 5},
        far={"type": "http", "url": "https://tools.example/mcp", "headers": {"X-Key": "k"}},
        off={**BOX, "disabled": True},
    )
    path = tmp_path / "mcp.json"
    path.write_text(text)
    found = read_mcp(text)
    assert read_mcp(str(path)) == found
    assert list(found) == ["files", "far"]
    assert (found["files"].timeout, found["files"].env) == (5, {"A": "1"})
    assert found["far"].headers == {"X-Key": "k"}
    assert read_mcp("") == {}


def test_variables_are_filled_in_and_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOL_TOKEN", "swordfish")
    monkeypatch.delenv("TOOL_ROOM", raising=False)
    text = written(
        far={
            "url": "https://tools.example/${TOOL_TOKEN}",
            "headers": {"Authorization": "Bearer ${TOOL_TOKEN}"},
        },
        box={"command": "run", "args": ["--room", "${TOOL_ROOM:-lobby}"], "env": {"KEY": "sesame"}},
    )
    found = read_mcp(text)
    assert found["far"].url == "https://tools.example/swordfish"
    assert found["box"].args == ("--room", "lobby")
    assert secrets_of_mcp(text) == {"Bearer swordfish", "swordfish", "sesame", "lobby"}


def test_secrets_of_servers_are_among_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOL_TOKEN", "swordfish")
    monkeypatch.setenv("CHATKIT_MCP", written(far={"url": "http://x/", "headers": {"K": "${TOOL_TOKEN}"}}))
    settings = Settings()
    assert "swordfish" in settings.secrets()
    assert "TOOL_TOKEN" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "has to be"),
        ('{"servers": 1}', "has to be"),
        ("/nowhere/mcp.json", "cannot be read: No such file"),
        (written(x={}), "server x: write either a command or a url"),
        (written(x={**BOX, "url": "http://x/"}), "either a command or a url"),
        (written(x={"type": "http", "command": "run"}), "the type does not go"),
        (written(x={"type": "sse", "url": "http://x/"}), "server x: type: Input should be 'stdio'"),
        (written(x={"url": "file:///x"}), "begins with http"),
        (written(x={"command": "run", "env": {"K": "${NO_SUCH_VARIABLE}"}}), "NO_SUCH_VARIABLE is not set"),
        (written(x={"command": "run", "timeout": -1, "env": {"K": "hunter22"}}), "timeout: Input should be"),
    ],
)
def test_faults_are_told_without_values(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError, match="CHATKIT_MCP") as caught:
        read_mcp(text)
    assert sentence in str(caught.value)
    assert "hunter22" not in str(caught.value)


def settings_for(tmp_path: Path, model_url: str, mcp: str) -> Settings:
    given = {"data_dir": tmp_path, "openai_base_url": model_url, "model": "small", "mcp": mcp}
    return Settings.model_validate(given)


async def test_servers_run_as_long_as_the_app_and_not_for_each_turn(tmp_path: Path) -> None:
    async with model_api() as model:
        settings = settings_for(tmp_path, model.url, written(box=BOX))
        async with serving(create_app(settings)) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            chat = Chat(http)
            for _ in range(2):
                model.reply(Call("box_process"))
                await chat.create("Hi")
        first, second = (request.input[-1]["output"] for request in model.requests[1::2])
        assert first == second
        with pytest.raises(ProcessLookupError):
            os.kill(int(first), 0)


async def test_app_starts_and_answers_without_its_servers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = written(gone={"command": "/nowhere/server", "env": {"KEY": "hunter22"}})
    with caplog.at_level(logging.INFO):
        async with (
            model_api() as model,
            serving(create_app(settings_for(tmp_path, model.url, gone))) as url,
            httpx.AsyncClient(base_url=url, timeout=30) as http,
        ):
            events = await Chat(http).create("Hi")
            assert (await http.get("/readyz")).status_code == 200
    assert "error" not in [event["type"] for event in events]
    assert "MCP server gone is away" in caplog.text
    assert "hunter22" not in caplog.text


async def test_check_reports_each_server(tmp_path: Path) -> None:
    async with serving(make_server().streamable_http_app()) as url:
        mcp = written(far={"url": f"{url}/mcp", "includeTools": ["add"]}, gone={"command": "/nowhere/server"})
        outcomes = dict(await check(settings_for(tmp_path, "http://localhost:9", mcp)))
    assert outcomes["mcp far"] == "add"
    assert "The MCP server gone cannot be used: FileNotFoundError" in str(outcomes["mcp gone"])


def test_check_fails_for_a_list_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATKIT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CHATKIT_MCP", "/nowhere/mcp.json")
    assert main(["check"]) == 1
    assert "cannot be read" in capsys.readouterr().out
