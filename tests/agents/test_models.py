"""Providers from plain arguments, against the stand-in for the model's API."""

import pytest
from agents import Agent, Runner
from agents.models.chatcmpl_helpers import HEADERS_OVERRIDE
from agents.models.openai_responses import _HEADERS_OVERRIDE
from openai import OpenAIError

from chatkit_asgi.agents import ModelApi as Api
from chatkit_asgi.agents import agents_sdk_user_agent_override, create_provider, create_run_config
from tests.model_api import ModelApi

OVERRIDES = (HEADERS_OVERRIDE, _HEADERS_OVERRIDE)


@pytest.mark.parametrize(
    ("api", "path"), [("responses", "/v1/responses"), ("chat_completions", "/v1/chat/completions")]
)
async def test_provider_speaks_the_api_that_it_was_made_for(model: ModelApi, api: Api, path: str) -> None:
    provider = create_provider(api_key="sk-1", base_url=model.url, api=api, model="small")
    run = Runner.run_streamed(Agent(name="a"), "Hi", run_config=create_run_config(provider))
    async for _ in run.stream_events():
        pass
    await provider.aclose()
    (asked,) = model.requests
    assert (asked.path, asked.body["model"]) == (path, "small")
    assert asked.headers["authorization"] == "Bearer sk-1"


async def test_agents_may_name_a_model_of_their_own(model: ModelApi) -> None:
    provider = create_provider(base_url=model.url, model="small")
    run = Runner.run_streamed(Agent(name="a", model="own"), "Hi", run_config=create_run_config(provider))
    async for _ in run.stream_events():
        pass
    await provider.aclose()
    assert model.requests[0].body["model"] == "own"


def test_a_server_of_ones_own_needs_no_key_but_openai_does() -> None:
    assert create_provider(base_url="http://localhost:1/v1").client.api_key
    with pytest.raises(OpenAIError):
        create_provider()


def test_runs_are_never_traced() -> None:
    config = create_run_config(create_provider(base_url="http://localhost:1/v1"))
    assert config.tracing_disabled
    assert not config.trace_include_sensitive_data


def test_user_agent_is_reset_after_a_failure() -> None:
    seen: list[object] = []

    def fail() -> None:
        with agents_sdk_user_agent_override():
            seen.extend(each.get() for each in OVERRIDES)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert all(str(each).startswith("{'User-Agent': 'Agents/Python ") for each in seen)
    assert [each.get() for each in OVERRIDES] == [None, None]
