"""Model providers from plain arguments: a key, a URL, the flavour of the API. Nothing global is set."""

from typing import Literal

from agents import Model, ModelProvider, OpenAIProvider, RunConfig

__all__ = ["ModelApi", "create_provider", "create_run_config"]

ModelApi = Literal["responses", "chat_completions"]

NO_KEY = "none"
"""Sent to servers of one's own, which mostly want no key; the client insists on having one."""


class _DefaultModel(ModelProvider):
    """A provider whose agents need not name a model."""

    def __init__(self, provider: ModelProvider, model: str) -> None:
        self._provider = provider
        self._model = model

    def get_model(self, model_name: str | None) -> Model:
        return self._provider.get_model(model_name or self._model)

    async def aclose(self) -> None:
        await self._provider.aclose()


def create_provider(
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    api: ModelApi = "responses",
    model: str | None = None,
) -> ModelProvider:
    """A provider for OpenAI, or for the compatible server at `base_url`, which may need no key.

    `model` is used by agents that name none. What is not given is read from ``OPENAI_API_KEY`` and
    ``OPENAI_BASE_URL`` by the client itself, when it is first used.
    """
    provider: ModelProvider = OpenAIProvider(
        api_key=api_key or (NO_KEY if base_url else None),
        base_url=base_url,
        use_responses=api == "responses",
    )
    return _DefaultModel(provider, model) if model else provider


def create_run_config(provider: ModelProvider, *, model: str | None = None) -> RunConfig:
    """Settings of a run that uses the provider; `model` goes before what the agents name.

    Tracing is off: the SDK would send conversations to OpenAI, whatever server answers them.
    """
    return RunConfig(
        model=model, model_provider=provider, tracing_disabled=True, trace_include_sensitive_data=False
    )
