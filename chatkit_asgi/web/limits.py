"""How much one request of the protocol may say. Checked before anything is looked up or written.

The body's bytes are counted where it is read; here is what fits into them: first its shape, which decides
how long reading it holds up everybody else, and then the fields, by the names that clients give them.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import get_args

from pydantic_core import to_json

from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.locale import user_text
from chatkit_asgi.types import (
    AttachmentsCreateReq,
    BaseReq,
    ChatKitReq,
    InferenceOptions,
    InputTranscribeReq,
    ItemsFeedbackReq,
    ItemsListReq,
    NonStreamingReq,
    StreamingReq,
    StructuredInputSubmission,
    ThreadsAddClientToolOutputReq,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsSyncCustomActionReq,
    ThreadsUpdateReq,
    UserMessageInput,
)

__all__ = ["RequestLimits"]

LONGEST_ID = 255
"""Characters of ids, cursors, and names of tools, models, actions and media types."""
LONGEST_NAME = 4_096
"""Characters of a file's name as a client gives it; of the path that it may be the last part is kept."""
BASE64_SLACK = 1.5
"""Base64 is a third longer than its bytes, and may be folded into lines."""

STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")


def _fields(request: type[BaseReq]) -> tuple[str, ...]:
    params = request.model_fields["params"].annotation
    return tuple(name for name in getattr(params, "model_fields", ()) if name in ID_FIELDS)


ID_FIELDS = ("thread_id", "item_id", "after", "attachment_id", "mime_type")
IDS = {request: _fields(request) for request in (*get_args(StreamingReq), *get_args(NonStreamingReq))}
"""The short texts right in the params of each request."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The most of each. Lengths are in characters, `metadata`, `payload` and `audio` in bytes."""

    depth: int = 64
    """Objects and arrays within each other."""
    values: int = 50_000
    """Objects, arrays and their members, in all."""
    text: int = 1_000_000
    """A message: all its parts and what it quotes."""
    parts: int = 1_000
    """Texts and mentions of a message; answers of a form; items that get feedback."""
    attachments: int = 100
    title: int = 2_000
    metadata: int = 1 << 16
    payload: int = 1 << 20
    """An action's payload, a client tool's result, the data of a message's mentions."""
    audio: int = 25_000_000
    page: int = 1_000
    """Items of a page; whoever asks for more gets a full page and is told that there is more."""

    def check_shape(self, body: bytes) -> None:
        """Raises InvalidRequestError for JSON that is too deep or of too many values, without reading it."""
        opened = body.count(b"[") + body.count(b"{")
        if opened <= self.depth and opened + body.count(b",") <= self.values:
            return  # even if none of them is part of a text
        bare = STRINGS.sub(b"", body)
        if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > self.values:
            raise InvalidRequestError(f"The request has too many values: {self.values} at most.")
        if _depth(bare) > self.depth:
            raise InvalidRequestError(f"The request is nested too deeply: {self.depth} levels at most.")

    def check(self, request: ChatKitReq) -> None:
        """Raises InvalidRequestError, which names the field, or TooLargeError. Cuts the size of pages."""
        if request.metadata:
            self._check_bytes(request.metadata, "metadata", self.metadata)
        for name in IDS[type(request)]:
            _check_id(f"params.{name}", getattr(request.params, name))
        match request:
            case ThreadsCreateReq() | ThreadsAddUserMessageReq():
                self._check_message(request.params.input)
            case ThreadsUpdateReq():
                self._check_title(request.params.title)
            case ThreadsAddClientToolOutputReq():
                self._check_bytes(request.params.result, "params.result", self.payload)
            case ThreadsAddStructuredInputReq():
                self._check_answers(request.params.input)
            case ThreadsCustomActionReq() | ThreadsSyncCustomActionReq():
                _check_id("params.action.type", request.params.action.type)
                self._check_bytes(request.params.action.payload, "params.action.payload", self.payload)
            case ItemsFeedbackReq():
                self._check_count(request.params.item_ids, "params.item_ids", self.parts)
                _check_ids("params.item_ids", request.params.item_ids)
            case InputTranscribeReq():
                if len(request.params.audio_base64) > self.audio * BASE64_SLACK:
                    raise TooLargeError(user_text("The recording is too long."))
            case AttachmentsCreateReq(params=params):
                _check_id("params.name", params.name, LONGEST_NAME)
            case ItemsListReq(params=params) if params.limit is not None:
                params.limit = min(params.limit, self.page)

    def _check_message(self, message: UserMessageInput) -> None:
        self._check_count(message.content, "params.input.content", self.parts)
        _check_ids("params.input.attachments", message.attachments)
        _check_choices(message.inference_options)
        if len(message.attachments) > self.attachments:
            raise InvalidRequestError(
                user_text("A message has at most {most} attachments.", most=self.attachments),
                param="params.input.attachments",
            )
        length = sum(len(part.text) for part in message.content) + len(message.quoted_text or "")
        if length > self.text:
            raise InvalidRequestError(
                user_text("The message is too long: it may have {most} characters.", most=self.text),
                param="params.input.content",
            )
        tags = [part for part in message.content if part.type == "input_tag"]
        if tags:
            _check_ids("params.input.content.id", [tag.id for tag in tags])
            self._check_bytes([tag.data for tag in tags], "params.input.content", self.payload)

    def _check_title(self, title: str) -> None:
        if len(title) > self.title:
            raise InvalidRequestError(
                user_text("A title has at most {most} characters.", most=self.title), param="params.title"
            )

    def _check_answers(self, submission: StructuredInputSubmission) -> None:
        where = "params.input.answers"
        self._check_count(submission.answers, where, self.parts)
        _check_ids(where, submission.answers)
        values = [value for answer in submission.answers.values() for value in answer.values]
        self._check_count(values, where, self.parts)
        if sum(map(len, values)) > self.text:
            raise InvalidRequestError(
                user_text("The answers are too long: they may have {most} characters.", most=self.text),
                param=where,
            )

    def _check_bytes(self, value: object, param: str, most: int) -> None:
        if value and len(to_json(value, inf_nan_mode="constants")) > most:
            raise InvalidRequestError(f"{param} is too large: {most} bytes at most.", param=param)

    def _check_count(self, found: Collection[object], param: str, most: int) -> None:
        if len(found) > most:
            raise InvalidRequestError(f"{param} has too many entries: {most} at most.", param=param)


def _check_choices(options: InferenceOptions) -> None:
    where = "params.input.inference_options"
    _check_id(f"{where}.model", options.model)
    if options.tool_choice is not None:
        _check_id(f"{where}.tool_choice.id", options.tool_choice.id)


def _check_ids(param: str, values: Iterable[str]) -> None:
    for value in values:
        _check_id(param, value)


def _check_id(param: str, value: str | None, most: int = LONGEST_ID) -> None:
    if value is not None and len(value) > most:
        raise InvalidRequestError(f"{param} is too long: {most} characters at most.", param=param)


def _depth(bare: bytes) -> int:
    """How deep the brackets go, of JSON without its strings."""
    now = deepest = 0
    for bracket in BRACKETS.finditer(bare):
        now += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, now)
    return deepest
