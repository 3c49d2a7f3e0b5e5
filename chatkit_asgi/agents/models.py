"""Model providers from plain arguments: a key, a URL, the flavour of the API. Nothing global is set."""

from typing import Any, Literal

from agents import (
    Agent,
    Model,
    ModelProvider,
    ModelRetryBackoffSettings,
    ModelRetrySettings,
    ModelSettings,
    OpenAIProvider,
    RunConfig,
    retry_policies,
)
from openai import AsyncOpenAI, Timeout

from chatkit_asgi.errors import InvalidRequestError

__all__ = [
    "MODEL_RETRIES",
    "MODEL_SECONDS",
    "ModelApi",
    "OpenAIModels",
    "create_agent",
    "create_provider",
    "create_run_config",
    "with_model",
]

ModelApi = Literal["responses", "chat_completions"]

NO_KEY = "none"
"""Sent to servers of one's own, which mostly want no key; the client insists on having one."""

MODEL_SECONDS = 120.0
"""How long a model's server may be silent: large prompts take their time until the first token."""
CONNECT_SECONDS = 10.0
MODEL_RETRIES = 2
PASSING = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""HTTP statuses of failures that may be over at the next try."""
BACKOFF = ModelRetryBackoffSettings(initial_delay=0.5, max_delay=8.0, multiplier=2.0, jitter=True)


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
    timeout: float = MODEL_SECONDS,
) -> OpenAIModels:
    """A provider for OpenAI, or for the compatible server at `base_url`, which may need no key.

    `model` is used by agents that name none. A server that says nothing for `timeout` seconds, at the
    beginning or between two tokens, has failed. Raises openai.OpenAIError when there is neither a key nor a
    URL, not in ``OPENAI_API_KEY`` either.
    """
    client = AsyncOpenAI(
        api_key=api_key or (NO_KEY if base_url else None),
        base_url=base_url,
        timeout=Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        max_retries=0,  # the run tries again, which also knows what was shown
    )
    return OpenAIModels(client, api=api, model=model)


def create_run_config(
    provider: ModelProvider,
    *,
    model: str | None = None,
    retries: int = MODEL_RETRIES,
    is_traced: bool = False,
) -> RunConfig:
    """Settings of a run that uses the provider; `model` goes before what the agents name.

    A call of the model that fails in a way that passes is tried again as often as `retries` says, when the
    server wants it (``Retry-After``) or after half a second and longer; never when something was shown of it.
    Unless `is_traced`, tracing is off: the SDK would send what happens to OpenAI, whatever server answers.
    """
    return RunConfig(
        model=model,
        model_provider=provider,
        model_settings=ModelSettings(retry=_retrying(retries)),
        tracing_disabled=not is_traced,
        trace_include_sensitive_data=False,
    )


def _retrying(retries: int) -> ModelRetrySettings:
    passing = retry_policies.any(
        retry_policies.provider_suggested(),
        retry_policies.retry_after(),
        retry_policies.network_error(),
        retry_policies.http_status(PASSING),
    )
    return ModelRetrySettings(max_retries=retries, backoff=BACKOFF, policy=passing)


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
