"""Model providers from plain arguments: a key, a URL, the flavour of the API. Nothing global is set."""

from typing import Any, Literal

from agents import Agent, Model, ModelProvider, OpenAIProvider, RunConfig
from openai import AsyncOpenAI

from chatkit_asgi.errors import InvalidRequestError

__all__ = ["ModelApi", "OpenAIModels", "create_agent", "create_provider", "create_run_config", "with_model"]

ModelApi = Literal["responses", "chat_completions"]

NO_KEY = "none"
"""Sent to servers of one's own, which mostly want no key; the client insists on having one."""


class OpenAIModels(ModelProvider):
    """Models behind one client, which it closes; agents need not name a model."""

    def __init__(self, client: AsyncOpenAI, *, api: ModelApi, model: str | None = None) -> None:
        self.client = client
        self.model = model
        self._provider = OpenAIProvider(openai_client=client, use_responses=api == "responses")

    def get_model(self, model_name: str | None) -> Model:
        """The model of that name, or the default one."""
        return self._provider.get_model(model_name or self.model)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._provider.aclose()
        await self.client.close()


def create_provider(
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    api: ModelApi = "responses",
    model: str | None = None,
) -> OpenAIModels:
    """A provider for OpenAI, or for the compatible server at `base_url`, which may need no key.

    `model` is used by agents that name none. Raises openai.OpenAIError when there is neither a key nor a URL,
    not in ``OPENAI_API_KEY`` either.
    """
    client = AsyncOpenAI(api_key=api_key or (NO_KEY if base_url else None), base_url=base_url)
    return OpenAIModels(client, api=api, model=model)


def create_run_config(provider: ModelProvider, *, model: str | None = None) -> RunConfig:
    """Settings of a run that uses the provider; `model` goes before what the agents name.

    Tracing is off: the SDK would send conversations to OpenAI, whatever server answers them.
    """
    return RunConfig(
        model=model, model_provider=provider, tracing_disabled=True, trace_include_sensitive_data=False
    )


def create_agent(instructions: str, *, model: str) -> Agent[Any]:  # Any: the context is the caller's
    """An agent without tools."""
    return Agent(name="Assistant", instructions=instructions, model=model)


def with_model(agent: Agent[Any], model: str) -> Agent[Any]:
    """The agent itself or, when it names no model, a copy that names this one.

    An agent without a model carries settings for the SDK's own default, which other models refuse. Raises
    InvalidRequestError for what is no agent.
    """
    if not isinstance(agent, Agent):
        raise InvalidRequestError(f"CHATKIT_AGENT names a {type(agent).__name__}: it has to be an Agent.")
    return agent if agent.model is not None else agent.clone(model=model)
