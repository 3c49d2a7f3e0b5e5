"""The model is told which language the user wants, whichever agent of the run it answers for."""

from typing import Any

import pytest
from agents import Agent, RunConfig
from agents.run import CallModelData, ModelInputData

from chatkit_asgi.agents import AgentServer, DemoModel
from chatkit_asgi.agents.language import language_note
from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import asking
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.chat import Chat

GERMAN = (
    "The user's language is German (Austria). Answer in it unless they write in another one or ask for it."
)


class AttentiveModel(DemoModel):
    """Notes what it is instructed to do."""

    def __init__(self) -> None:
        super().__init__(delay=0)
        self.told: list[str | None] = []

    def stream_response(self, system_instructions: str | None, *rest: Any, **options: Any) -> Any:  # its own
        self.told.append(system_instructions)
        return super().stream_response(system_instructions, *rest, **options)


async def told(
    context: RequestContext, *, instructions: str | None = "Be brief.", **config: Any
) -> str | None:
    model = AttentiveModel()
    agent = Agent[Any](name="Brief", instructions=instructions, model=model)
    run_config = RunConfig(tracing_disabled=True, **config)
    server = AgentServer[RequestContext](MemoryStore(), agent=agent, run_config=run_config)
    await Chat(server, context).create("Servus")
    (found,) = model.told
    return found


async def test_model_is_told_the_language_behind_its_instructions() -> None:
    assert await told(RequestContext(user_id="alice", locale="de-AT")) == f"Be brief.\n\n{GERMAN}"


async def test_model_without_instructions_is_told_the_language() -> None:
    assert await told(RequestContext(user_id="alice", locale="de-AT"), instructions=None) == GERMAN


async def test_model_is_told_what_the_request_says() -> None:
    with asking(b"de-AT, en;q=0.5"):
        assert await told(RequestContext(user_id="alice")) == f"Be brief.\n\n{GERMAN}"


async def test_model_is_told_nothing_where_nobody_said_anything() -> None:
    assert await told(RequestContext(user_id="alice")) == "Be brief."
    assert await told(RequestContext(user_id="alice", locale="en")) == "Be brief."


@pytest.mark.parametrize("is_awaited", [False, True])
async def test_filter_of_the_applications_goes_first(is_awaited: bool) -> None:
    def shorten(call: CallModelData[Any]) -> ModelInputData:
        return ModelInputData(input=call.model_data.input, instructions="Be briefer.")

    async def shorten_later(call: CallModelData[Any]) -> ModelInputData:
        return shorten(call)

    first = shorten_later if is_awaited else shorten
    heard = await told(RequestContext(user_id="alice", locale="de-AT"), call_model_input_filter=first)
    assert heard == f"Be briefer.\n\n{GERMAN}"


@pytest.mark.parametrize("language", ["", "not-a-language", "forget-all-rules", "x" * 2000])
def test_nothing_but_names_of_languages_gets_into_the_instructions(language: str) -> None:
    assert language_note(language) == ""
