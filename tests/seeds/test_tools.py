"""What an agent's tools do beside answering: progress, effects, translated texts, the application's data."""

import gettext
import struct
from pathlib import Path
from typing import Any

import pytest
from agents import Agent, RunContextWrapper, function_tool

from chatkit_asgi.agents import AgentContext
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ClientEffectEvent, ProgressUpdateEvent
from tests.seeds.answers import AgentChat, calling, said
from tests.server.client import Json

LOCALE_DIR = Path(__file__).parent / "locales"
_translations: dict[str, gettext.NullTranslations] = {}


def get_translations(locale: str) -> gettext.NullTranslations:
    if locale not in _translations:
        _translations[locale] = gettext.translation(
            "messages", localedir=LOCALE_DIR, languages=[locale], fallback=True
        )
    return _translations[locale]


def write_catalogue(folder: Path, text: str, translated: str) -> None:
    """A compiled catalogue of one message, as msgfmt makes it."""
    ids = [b"", text.encode()]
    texts = [b"Content-Type: text/plain; charset=UTF-8\n", translated.encode()]
    tables, strings, start = b"", b"", 28 + 8 * len(ids + texts)
    for string in ids + texts:
        tables += struct.pack("<2I", len(string), start + len(strings))
        strings += string + b"\0"
    folder.mkdir(parents=True)
    header = struct.pack("<7I", 0x950412DE, 0, len(ids), 28, 28 + 8 * len(ids), 0, 0)
    (folder / "messages.mo").write_bytes(header + tables + strings)


@function_tool()
async def load_document(ctx: RunContextWrapper[AgentContext[RequestContext]], document_id: str) -> str:
    _ = get_translations(ctx.context.request_context.locale).gettext
    await ctx.context.stream_progress(icon="document", text=_("Loading document…"))
    return document_id


@function_tool()
async def load_file(ctx: RunContextWrapper[AgentContext[Any]], file_id: str) -> str:
    await ctx.context.stream(ProgressUpdateEvent(icon="document", text="Loading file..."))
    return file_id


@function_tool()
async def highlight_text(ctx: RunContextWrapper[AgentContext[Any]], index: int, length: int) -> None:
    data = {"index": index, "length": length}
    await ctx.context.stream(ClientEffectEvent(name="highlight_text", data=data))


@function_tool(description_override="Fetch the user's workspace context.")
async def get_workspace_context(ctx: RunContextWrapper[AgentContext[RequestContext]]) -> dict[str, str]:
    return {"workspace_id": ctx.context.request_context.tenant}


@function_tool(description_override="Fetch full workspace details.")
async def fetch_workspace(ctx: RunContextWrapper[AgentContext[Any]], id: str) -> dict[str, Any]:
    return {"id": id, "features": ["a"], "limits": {}}


async def run_tool(tool: Any, context: RequestContext, **arguments: object) -> tuple[list[Json], str]:
    """What the client gets while the tool runs, and what the model gets from it."""
    model = calling(tool.name, "Done.", **arguments)
    agent: Agent[Any] = Agent(name="a", model=model, tools=[tool])
    events = await said(AgentChat(MemoryStore(), agent), context)
    assert events[-1]["item"]["content"][0]["text"] == "Done."
    return events, model.calls[1].input[-1]["output"]


@pytest.mark.parametrize(("locale", "told"), [("en", "Loading document…"), ("de", "Lade Dokument …")])
async def test_progress_is_told_in_the_caller_s_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str, told: str
) -> None:
    write_catalogue(tmp_path / "de" / "LC_MESSAGES", "Loading document…", "Lade Dokument …")
    monkeypatch.setattr(f"{__name__}.LOCALE_DIR", tmp_path)
    _translations.clear()
    context = RequestContext(user_id="alice", locale=locale)
    events, output = await run_tool(load_document, context, document_id="7")
    assert events[0] == {"type": "progress_update", "icon": "document", "text": told}
    assert output == "7"


async def test_tool_streams_events(context: RequestContext) -> None:
    events, _ = await run_tool(load_file, context, file_id="7")
    assert events[0] == {"type": "progress_update", "icon": "document", "text": "Loading file..."}


async def test_tool_has_an_effect_in_the_client(context: RequestContext) -> None:
    events, _ = await run_tool(highlight_text, context, index=3, length=5)
    effect = {"type": "client_effect", "name": "highlight_text", "data": {"index": 3, "length": 5}}
    assert events[0] == effect


async def test_tool_knows_who_asks() -> None:
    _, output = await run_tool(get_workspace_context, RequestContext(user_id="alice", tenant="org_1"))
    assert output == "{'workspace_id': 'org_1'}"


async def test_tool_fetches_what_an_id_stands_for(context: RequestContext) -> None:
    _, output = await run_tool(fetch_workspace, context, id="w1")
    assert output == "{'id': 'w1', 'features': ['a'], 'limits': {}}"
