"""Tells models which language the user wants: beside the instructions, for all agents of a run."""

import inspect
from dataclasses import replace

from agents import RunConfig
from agents.run import CallModelData, ModelInputData

from chatkit_asgi.locale import language_name

__all__ = ["language_note", "with_language"]


def language_note(language: str) -> str:
    """What a model is told of a language tag; nothing for one that names no language."""
    name = language_name(language)
    if not name:
        return ""
    return f"The user's language is {name}. Answer in it unless they write in another one or ask for it."


def with_language(config: RunConfig, language: str) -> RunConfig:
    """The settings of a run whose agents are told the language. A filter that they have goes first."""
    note, first = language_note(language), config.call_model_input_filter
    if not note:
        return config

    async def tell(call: CallModelData[object]) -> ModelInputData:
        told = call.model_data if first is None else first(call)
        if inspect.isawaitable(told):
            told = await told
        instructions = "\n\n".join(part for part in (told.instructions, note) if part)
        return replace(told, instructions=instructions)

    return replace(config, call_model_input_filter=tell)
