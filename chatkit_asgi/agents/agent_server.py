"""AgentServer: a complete `ChatKitServer` around one agent. The app runs it when no other is configured."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from agents import (
    Agent,
    ModelBehaviorError,
    RunConfig,
    Runner,
    RunResultStreaming,
    TResponseInputItem,
    UserError,
)
from openai.types.responses import ResponseInputContentParam

from chatkit_asgi.actions import Action
from chatkit_asgi.agents.attachments import Converted, InputLimits, ReadAttachment
from chatkit_asgi.agents.composer import ToolOptions, Tools, make_tool_options
from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.demo import answer_action, answer_sync_action, demo_agent, is_demo
from chatkit_asgi.agents.dictation import Transcriber
from chatkit_asgi.agents.generated import ImageKeeper, partial_images_of
from chatkit_asgi.agents.guardrails import TRIPWIRES, Tripwire, error_of, name_of, note_of, without_refused
from chatkit_asgi.agents.history import HistoryConverter, to_robust_input
from chatkit_asgi.agents.hosted import shown_run, with_hosted_tools
from chatkit_asgi.agents.input import ThreadItemConverter
from chatkit_asgi.agents.language import with_language
from chatkit_asgi.agents.mcp_servers import McpServer
from chatkit_asgi.agents.mcp_tools import McpServers
from chatkit_asgi.agents.output import DEFAULT_RESPONSE_CONVERTER, ResponseStreamConverter
from chatkit_asgi.agents.remembered import FORGOTTEN, forget, remember, unknown_to
from chatkit_asgi.agents.steps import end_steps, without_loading
from chatkit_asgi.agents.stream import stream_agent_response
from chatkit_asgi.agents.titles import Title, title_from
from chatkit_asgi.agents.tool_errors import telling_tool_errors, with_forgiven_tools
from chatkit_asgi.agents.usage import note_run
from chatkit_asgi.agents.window import fit
from chatkit_asgi.attachments import BlobAttachmentStore
from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import BaseStreamError, InvalidRequestError, NotSupportedError
from chatkit_asgi.locale import language_of, user_text
from chatkit_asgi.server import ChatKitServer, StreamingResult
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import (
    Attachment,
    AudioInput,
    GeneratedImageItem,
    HiddenContextItem,
    InferenceOptions,
    SDKHiddenContextItem,
    StreamingReq,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadMetadata,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadStreamEvent,
    TranscriptionResult,
    UserMessageItem,
    UserMessageTagContent,
    WidgetItem,
)

__all__ = ["AgentServer", "ReadBlob"]

logger = logging.getLogger(__name__)

ReadBlob = Callable[[Attachment, Any], Awaitable[bytes | AsyncIterator[bytes]]]
"""Gives an attachment's bytes, at once or in pieces, to whom the context stands for."""

NO_DICTATION = "Dictation is off: set CHATKIT_TRANSCRIBE_MODEL, for example to gpt-4o-mini-transcribe."
HISTORY_ITEMS = 100
HISTORY_TOKENS = 100_000


class AgentServer(ChatKitServer[TContext]):
    """Answers with a run of an agent over the thread's history; without an agent, with the demo's.

    `converter` replaces the conversion of the history; its failures are logged and stepped over.
    `stream_converter` replaces that of images and citations; by default a `BlobAttachmentStore` keeps the
    images. `read_blob` is how attachments get to the model, where that store does not give them, and `limits`
    how much of them. Users may choose among `models` (ids, or labels by id) and `tools` in the composer.
    `resolve_tag` says what the things are that users mention; see the method. The tools of the `mcp` servers
    are the agent's, too, and so are the `hosted_tools`, which the model's own server runs.
    The `transcriber` takes dictation. The model sees at most `history_items` of a thread, the newest, and of
    those what fits into `history_tokens` by estimate (0: all of them). The `title_model` gives threads their
    titles; without one they are the first words. With `remembers` the Responses API keeps conversations and
    is told only what is new.
    """

    def __init__(
        self,
        store: Store[TContext],
        attachment_store: AttachmentStore[TContext] | None = None,
        *,
        agent: Agent[AgentContext[TContext]] | None = None,
        run_config: RunConfig | None = None,
        converter: ThreadItemConverter | None = None,
        stream_converter: ResponseStreamConverter | None = None,
        read_blob: ReadBlob | None = None,
        limits: InputLimits | None = None,
        models: Mapping[str, str] | Iterable[str] = (),
        tools: Tools = (),
        resolve_tag: Callable[[UserMessageTagContent, Any], Awaitable[Any]] | None = None,
        mcp: Iterable[McpServer] = (),
        hosted_tools: Iterable[str] = (),
        vector_stores: Sequence[str] = (),
        transcriber: Transcriber | None = None,
        history_items: int = HISTORY_ITEMS,
        history_tokens: int = HISTORY_TOKENS,
        title_model: str = "",
        remembers: bool = False,
    ) -> None:
        super().__init__(store, attachment_store)
        self._title_model = title_model
        self._remembers = remembers
        self.history_items = history_items
        self.history_tokens = history_tokens
        self.agent = (
            with_hosted_tools(agent, hosted_tools, vector_stores=vector_stores) if agent else demo_agent()
        )
        self.run_config = run_config or RunConfig(tracing_disabled=True)
        self.converter = converter
        self.stream_converter = stream_converter
        self._files = attachment_store if isinstance(attachment_store, BlobAttachmentStore) else None
        self.read_blob = read_blob or (self._files.open if self._files else None)
        self.limits = limits or InputLimits()
        self._converted = Converted()
        self.models = dict(models) if isinstance(models, Mapping) else {model: model for model in models}
        self._resolve_tag = resolve_tag
        self._mcp = McpServers(mcp)
        self._transcriber = transcriber
        self._tools = ToolOptions(self.agent, make_tool_options(tools))

    async def open(self, request: StreamingReq, context: TContext, **admission: Any) -> StreamingResult:
        """As ever. Raises InvalidRequestError for a message that chooses what is not on offer."""
        if isinstance(request, ThreadsCreateReq | ThreadsAddUserMessageReq):
            self._require_choices(request.params.input.inference_options or InferenceOptions())
        return await super().open(request, context, **admission)

    def composer_options(self) -> dict[str, Any]:
        """What the page's composer offers, in the words of ChatKit.js' `composer` option."""
        return {
            "tools": [option.shown for option in self._tools.options.values()],
            "dictation": {"enabled": self._transcriber is not None},
            "models": [
                {"id": model, "label": label, "default": True}
                if number == 0
                else {"id": model, "label": label}
                for number, (model, label) in enumerate(self.models.items())
            ],
        }

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: TContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        """The events of the run; a thread without a title gets one, from its first message or a model."""
        run = self._run(thread, context, is_answer=input_user_message is not None)
        if input_user_message is not None and not thread.title:
            if self._title_model and not is_demo(self.agent) and title_from(input_user_message):
                title = Title(input_user_message, self.run_config, self._title_model, language_of(context))
                run = _titled(run, thread, title)
            else:
                thread.title = title_from(input_user_message)
        async with aclosing(_generator(run)) as events:
            async for event in events:
                yield event

    async def action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: TContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        """Tells the model what the user did and runs it; the demo's widgets are answered by the demo."""
        if is_demo(self.agent):
            async for event in answer_action(self._context(thread, context), action, sender):
                yield event
            return
        yield ThreadItemDoneEvent(item=self._action_note(thread, action, sender, context))
        async with aclosing(_generator(self._run(thread, context))) as events:
            async for event in events:
                yield event

    async def sync_action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: TContext
    ) -> SyncCustomActionResponse:
        """The demo's widgets are answered; agents take no such actions, as by default."""
        if not is_demo(self.agent):
            return await super().sync_action(thread, action, sender, context)
        return SyncCustomActionResponse(updated_item=answer_sync_action(action, sender))

    async def transcribe(self, audio_input: AudioInput, context: TContext) -> TranscriptionResult:
        """What was said, by the `transcriber`. Raises NotSupportedError where there is none."""
        if self._transcriber is None:
            raise NotSupportedError(NO_DICTATION)
        return await self._transcriber.transcribe(audio_input)

    async def load_history(self, thread: ThreadMetadata, context: TContext) -> list[ThreadItem]:
        """The thread's newest items, oldest first: what the model is to see. Override to choose others.

        They begin with a message of the user's, not in the middle of an answer to one that is left out.
        """
        page = await self.store.load_thread_items(thread.id, None, self.history_items, "desc", context)
        items = page.data[::-1]
        starts = [place for place, item in enumerate(items) if isinstance(item, UserMessageItem)]
        return items[starts[0] :] if page.has_more and starts else items

    async def to_agent_input(
        self, items: Sequence[ThreadItem], context: TContext
    ) -> list[TResponseInputItem]:
        """The items as the model's input. Never fails: what cannot be converted becomes a note."""
        history = HistoryConverter(
            self._reader(context),
            self.limits,
            converted=self._converted,
            image_of=self._image_of,
            resolve_tag=lambda tag: self.resolve_tag(tag, context),
        )
        if self.converter is None:
            return await to_robust_input(history, items)
        return await to_robust_input(self.converter, await history.with_images(items))

    async def resolve_tag(
        self, tag: UserMessageTagContent, context: TContext
    ) -> ResponseInputContentParam | str | None:
        """What the model is told of a thing that the user mentions; None: its name, id, group and data."""
        found: ResponseInputContentParam | str | None = None
        if self._resolve_tag is not None:
            found = await self._resolve_tag(tag, context)
        return found

    def guardrail_error(self, tripwire: Tripwire, context: TContext) -> BaseStreamError:
        """What the user is told when a guardrail trips; what was shown of the answer is taken back before."""
        return error_of(tripwire, context)

    async def handle_stream_cancelled(
        self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: TContext
    ) -> None:
        """As ever; of what is kept, nothing seems to be going on still."""
        await super().handle_stream_cancelled(
            thread, [without_loading(item) for item in pending_items], context
        )

    async def start(self) -> None:
        """Connect to the MCP servers; the first turn does so where nobody has."""
        await self._mcp.start()

    async def aclose(self) -> None:
        """Close the connections to the model and to MCP servers."""
        await self._mcp.aclose()
        await self.run_config.model_provider.aclose()

    def _require_choices(self, options: InferenceOptions) -> None:
        if options.tool_choice is not None:
            self._tools.require(options.tool_choice.id)
        if options.model is not None and self.models and options.model not in self.models:
            raise InvalidRequestError(
                user_text(
                    "There is no model {name} to choose here. There are: {names}.",
                    name=options.model,
                    names=", ".join(self.models),
                ),
                param="params.input.inference_options.model",
            )

    async def _run(
        self, thread: ThreadMetadata, context: TContext, *, is_answer: bool = False
    ) -> AsyncIterator[ThreadStreamEvent]:
        """`is_answer`: it begins the answer to a message, and does not go on with one."""
        await self.start()
        items = without_refused(await self.load_history(thread, context))
        previous, news = unknown_to(thread, items) if self._remembers else (None, items)
        answer = self._answer(thread, context, items, news, previous, is_answer=is_answer)
        has_begun = False
        try:
            async with aclosing(_generator(answer)) as events:
                async for event in events:
                    has_begun = True
                    yield event
            return
        except FORGOTTEN as exc:
            if previous is None or has_begun:
                raise
            logger.info("response %s is not known any more: %s", previous, exc)
        forget(thread)
        answer = self._answer(thread, context, items, items, None, is_answer=is_answer)
        async with aclosing(_generator(answer)) as events:
            async for event in events:
                yield event

    async def _answer(
        self,
        thread: ThreadMetadata,
        context: TContext,
        items: Sequence[ThreadItem],
        news: Sequence[ThreadItem],
        previous: str | None,
        *,
        is_answer: bool,
    ) -> AsyncIterator[ThreadStreamEvent]:
        """A run over the thread's `items`, of which the model is told the `news`: it knows the others."""
        agent_context = self._context(thread, context)
        history = fit(await self.to_agent_input(news, context), self.history_tokens)
        agent_input = [*history, *self._mcp.note()]
        options = _options(items)
        chosen = options.tool_choice.id if options.tool_choice else None
        agent = with_forgiven_tools(self._tools.agent_for(chosen, self._mcp.tools(), forces=is_answer))
        run = self._start(agent, agent_input, agent_context, options, previous)
        result = shown_run(agent, run, agent_context)
        converter = self.stream_converter or self._image_keeper(agent, agent_context)
        try:
            async with aclosing(_generator(_events(agent_context, result, converter))) as events:
                async for event in events:
                    yield event
            _require_words(run)
            await self._remember(run, agent_context)
        except TRIPWIRES as exc:
            logger.warning("guardrail %s has tripped in thread %s", name_of(exc), thread.id)
            if isinstance(converter, ImageKeeper):
                await converter.forget()
            yield ThreadItemDoneEvent(item=self._note(note_of(exc, is_answer=is_answer), agent_context))
            raise self.guardrail_error(exc, context) from exc
        except Exception as exc:
            for event in end_steps(agent_context):
                yield event
            # how the SDK wraps what a tool raises
            if isinstance(exc, UserError) and isinstance(exc.__cause__, BaseStreamError):
                raise exc.__cause__ from None
            raise
        finally:
            note_run(run, _model_name(run, self._config(options)), agent_input)
            if isinstance(converter, ImageKeeper):
                await converter.aclose()

    async def _remember(self, run: RunResultStreaming, agent_context: AgentContext[TContext]) -> None:
        """Where to go on from; not from a call that waits for its client, whose output is no item."""
        if not self._remembers or run.last_response_id is None or agent_context.client_tool_call is not None:
            return
        thread, context = agent_context.thread, agent_context.request_context
        newest = await self.store.load_thread_items(thread.id, None, 1, "desc", context)
        remember(thread, run.last_response_id, newest.data[0])

    def _image_keeper(
        self, agent: Agent[AgentContext[TContext]], agent_context: AgentContext[TContext]
    ) -> ResponseStreamConverter | None:
        if self._files is None:
            return None
        return ImageKeeper(
            self._files,
            agent_context.thread.id,
            agent_context.request_context,
            partial_images=partial_images_of(agent.tools),
        )

    def _image_of(self, item: GeneratedImageItem) -> Attachment | None:
        return self._files.image_of(item) if self._files else None

    def _start(
        self,
        agent: Agent[AgentContext[TContext]],
        agent_input: list[TResponseInputItem],
        agent_context: AgentContext[TContext],
        options: InferenceOptions,
        previous: str | None,
    ) -> RunResultStreaming:
        return Runner.run_streamed(
            agent,
            agent_input,
            context=agent_context,
            previous_response_id=previous,
            run_config=with_language(self._config(options), language_of(agent_context.request_context)),
        )

    def _config(self, options: InferenceOptions) -> RunConfig:
        """The run's settings with what the user chose, as far as it is on offer."""
        config = telling_tool_errors(self.run_config)
        if options.model in self.models and not is_demo(self.agent):  # which answers whatever was chosen
            config = replace(config, model=options.model)
        return config

    def _context(self, thread: ThreadMetadata, context: TContext) -> AgentContext[TContext]:
        return AgentContext(thread=thread, store=self.store, request_context=context)

    def _reader(self, context: TContext) -> ReadAttachment | None:
        read_blob = self.read_blob
        if read_blob is None:
            return None
        return lambda attachment: read_blob(attachment, context)

    def _note(self, text: str, agent_context: AgentContext[TContext]) -> SDKHiddenContextItem:
        return SDKHiddenContextItem(
            id=agent_context.generate_id("sdk_hidden_context"),
            thread_id=agent_context.thread.id,
            created_at=utcnow(),
            content=text,
        )

    def _action_note(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: TContext
    ) -> HiddenContextItem:
        done = {"action": action.type, "payload": action.payload, "widget": sender.id if sender else None}
        return HiddenContextItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=utcnow(),
            content={"the user acted on a widget": done},
        )


def _model_name(run: RunResultStreaming, config: RunConfig) -> str:
    """What answered, for the books."""
    model = config.model or run.last_agent.model or getattr(config.model_provider, "model", None)
    return model if isinstance(model, str) else type(model).__name__ if model is not None else ""


async def _titled(
    run: AsyncIterator[ThreadStreamEvent], thread: ThreadMetadata, title: Title
) -> AsyncIterator[ThreadStreamEvent]:
    """The run's events. The thread gets its title when that is there, at the latest at their end."""
    waits = True
    try:
        async with aclosing(_generator(run)) as events:
            async for event in events:
                if waits and title.is_ready():
                    thread.title, waits = await title.take(), False
                yield event
        if waits:
            thread.title = await title.take()
    finally:
        await title.aclose()


def _require_words(run: RunResultStreaming) -> None:
    """Raises ModelBehaviorError for a model that ends its turn and has said and asked for nothing."""
    if run.raw_responses and not run.raw_responses[-1].output:
        raise ModelBehaviorError("the model's last response is empty")


def _options(items: Sequence[ThreadItem]) -> InferenceOptions:
    """What the newest user message asks for; it also holds while its turn goes on after a client tool."""
    messages = (item for item in reversed(items) if isinstance(item, UserMessageItem))
    newest = next(messages, None)
    return newest.inference_options if newest else InferenceOptions()


def _events(
    agent_context: AgentContext[TContext],
    result: RunResultStreaming,
    converter: ResponseStreamConverter | None,
) -> AsyncIterator[ThreadStreamEvent]:
    return stream_agent_response(agent_context, result, converter=converter or DEFAULT_RESPONSE_CONVERTER)


def _generator(events: AsyncIterator[ThreadStreamEvent]) -> AsyncGenerator[ThreadStreamEvent, None]:
    # declared an iterator, as upstream, but a generator, so that it can be closed
    return cast(AsyncGenerator[ThreadStreamEvent, None], events)
