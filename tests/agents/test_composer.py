"""What users choose for a message in the composer: tools, which are called first, and other agents."""

from typing import Any

import pytest
from agents import Agent, ModelSettings, function_tool

from chatkit_asgi.agents import AgentServer, create_provider, create_run_config
from chatkit_asgi.agents.composer import ToolOption, make_tool_options, read_tool_options
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.chat import Chat
from tests.model_api import Call, ModelApi, Say

BOTH = pytest.mark.parametrize("api", ["responses", "chat_completions"])
FORCED = {
    "responses": {"type": "function", "name": "weather"},
    "chat_completions": {"type": "function", "function": {"name": "weather"}},
}


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def make_chat(
    model: ModelApi, context: RequestContext, api: Api = "responses", *, agent: Any = None, **options: Any
) -> Chat:
    provider = create_provider(base_url=model.url, api=api, model="small")
    agent = agent or Agent(name="assistant", instructions="Be brief.")
    return Chat(
        AgentServer(MemoryStore(), agent=agent, run_config=create_run_config(provider), **options), context
    )


def choosing(tool: str) -> dict[str, Any]:
    return {"inference_options": {"tool_choice": {"id": tool}}}


async def close(chat: Chat) -> None:
    await chat.server.aclose()  # type: ignore[attr-defined]  # an AgentServer


@BOTH
async def test_chosen_tool_is_called_first_and_then_the_model_is_free(
    model: ModelApi, context: RequestContext, api: Api
) -> None:
    chat = make_chat(model, context, api, tools=[weather])
    model.reply(Call("weather", {"city": "Oslo"}))
    model.reply(Say("It is sunny."))
    await chat.create("How is it?", **choosing("weather"))
    first, second = model.requests
    assert first.body["tool_choice"] == FORCED[api]
    assert "tool_choice" not in second.body
    assert "Sunny in Oslo." in str(second.input)
    await close(chat)


async def test_agent_that_never_lets_go_of_its_tool_does_so_for_the_users_choice(
    model: ModelApi, context: RequestContext
) -> None:
    agent = Agent(name="assistant", tools=[weather], reset_tool_choice=False)
    chat = make_chat(model, context, agent=agent)
    model.reply(Call("weather", {"city": "Oslo"}))
    await chat.create("How is it?", **choosing("weather"))
    assert "tool_choice" not in model.requests[1].body
    await close(chat)


async def test_choice_holds_for_one_message(model: ModelApi, context: RequestContext) -> None:
    chat = make_chat(model, context, tools=[weather])
    await chat.create("How is it?", **choosing("weather"))
    await chat.say("And now?")
    assert model.requests[1].body.get("tool_choice") is None
    assert "weather" in str(model.requests[1].body["tools"])
    await close(chat)


async def test_agent_that_is_handed_over_to_need_not_have_the_chosen_tool(
    model: ModelApi, context: RequestContext
) -> None:
    agent = Agent(name="assistant", handoffs=[Agent(name="expert", handoff_description="Knows.")])
    chat = make_chat(model, context, agent=agent, tools=[weather])
    model.reply(Call("transfer_to_expert"))
    await chat.create("How is it?", **choosing("weather"))
    assert [request.body.get("tool_choice") is None for request in model.requests] == [False, True]
    await close(chat)


@BOTH
async def test_chosen_agent_answers_with_its_own_instructions(
    model: ModelApi, context: RequestContext, api: Api
) -> None:
    expert = Agent(name="Deep research", instructions="Dig deep.", model="large")
    chat = make_chat(model, context, api, tools=[expert])
    await chat.create("Why?", **choosing("deep_research"))
    await chat.say("And?")
    chosen, usual = model.requests
    assert (chosen.body["model"], usual.body["model"]) == ("large", "small")
    assert "Dig deep." in str(chosen.body)
    assert "Dig deep." not in str(usual.body)
    assert "tool_choice" not in chosen.body
    await close(chat)


async def test_retry_makes_the_same_choice(model: ModelApi, context: RequestContext) -> None:
    chat = make_chat(model, context, tools=[weather])
    await chat.create("How is it?", **choosing("weather"))
    (message, *_) = await chat.items()
    await chat.ask("threads.retry_after_item", thread_id=chat.thread_id, item_id=message["id"])
    assert model.requests[1].body["tool_choice"] == FORCED["responses"]
    await close(chat)


async def test_unknown_choice_is_refused_with_the_known_ones_and_leaves_nothing(
    model: ModelApi, context: RequestContext
) -> None:
    chat = make_chat(model, context, tools={"weather": weather, "expert": Agent(name="x")})
    with pytest.raises(InvalidRequestError, match=r"no tool sorcery .* expert, weather") as caught:
        await chat.create("Conjure", **choosing("sorcery"))
    assert caught.value.param == "params.input.inference_options.tool_choice.id"
    assert (await chat.ask("threads.list"))["data"] == []
    assert not model.requests
    with pytest.raises(InvalidRequestError) as caught:
        await chat.create("Conjure", **choosing("x" * 10_000))
    assert len(str(caught.value)) < 500
    await close(chat)


async def test_without_options_the_agents_own_tools_can_be_chosen(
    model: ModelApi, context: RequestContext
) -> None:
    chat = make_chat(model, context, agent=Agent(name="assistant", tools=[weather]))
    await chat.create("How is it?", **choosing("weather"))
    assert model.requests[0].body["tool_choice"] == FORCED["responses"]
    with pytest.raises(InvalidRequestError):
        await chat.say("Conjure", **choosing("sorcery"))
    await close(chat)


async def test_choice_that_is_known_no_more_is_left_to_the_model(
    model: ModelApi, context: RequestContext
) -> None:
    """A message is retried after the operator took the tool away."""
    chat = make_chat(model, context, tools=[weather])
    await chat.create("How is it?", **choosing("weather"))
    (message, *_) = await chat.items()
    later = make_chat(model, context)
    later.server.store = chat.server.store
    events = await later.ask("threads.retry_after_item", thread_id=chat.thread_id, item_id=message["id"])
    assert "error" not in [event["type"] for event in events]
    assert "tool_choice" not in model.requests[1].body
    await close(chat)
    await close(later)


async def test_agents_settings_are_kept_beside_the_choice(model: ModelApi, context: RequestContext) -> None:
    agent = Agent(name="assistant", model_settings=ModelSettings(temperature=0.5))
    chat = make_chat(model, context, agent=agent, tools=[weather])
    await chat.create("How is it?", **choosing("weather"))
    assert model.requests[0].body["temperature"] == 0.5
    assert agent.model_settings.tool_choice is None
    assert agent.tools == []
    await close(chat)


async def test_page_is_told_what_there_is_to_choose(model: ModelApi, context: RequestContext) -> None:
    option = ToolOption(id="x", label="Research", use=Agent(name="r"), icon="search", placeholder="Why …?")
    chat = make_chat(model, context, tools={"weather_report": weather, "dig": option}, models=["large"])
    offered = chat.server.composer_options()  # type: ignore[attr-defined]  # an AgentServer
    assert offered["tools"] == [
        {"id": "weather_report", "label": "Weather report"},
        {"id": "dig", "label": "Research", "icon": "search", "placeholderOverride": "Why …?"},
    ]
    assert [model["id"] for model in offered["models"]] == ["large"]
    await close(chat)


def test_names_stand_for_the_agents_own_tools() -> None:
    options = make_tool_options(["web_search"])
    assert options == {"web_search": ToolOption(id="web_search", label="Web search")}


def test_what_is_neither_tool_nor_agent_cannot_be_offered() -> None:
    with pytest.raises(InvalidRequestError, match="float cannot be chosen"):
        make_tool_options([1.5])


def test_setting_names_tools_agents_and_collections_of_them() -> None:
    places = {"my:one": weather, "my:several": {"ask": Agent(name="Expert")}}
    options = read_tool_options(
        ["my:one=The weather", "my:several", "web_search=Web"], places.__getitem__, model="small"
    )
    assert {option.id: option.label for option in options.values()} == {
        "weather": "The weather",
        "ask": "Ask",
        "web_search": "Web",
    }
    assert options["weather"].use is weather
    assert isinstance(options["ask"].use, Agent)
    assert options["ask"].use.model == "small"
