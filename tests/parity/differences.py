"""All that may differ from the published SDK, each with its reason. Nothing else may.

A difference that shows in ordinary turns is evened out before outcomes are compared; any other has its own
test, marked with `shows`. A reason says what an application or a client has of it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from chatkit_asgi.server import DEFAULT_ERROR_MESSAGE
from chatkit_asgi.server.turn import FAILED_NOTE
from tests.parity.conversation import Outcome
from tests.parity.stores import Json

__all__ = ["DIFFERENCES", "SHOWN", "Difference", "even_out", "shows"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Difference:
    """One thing that we want otherwise."""

    id: str
    what: str
    reason: str
    even_out: Callable[[Outcome, Outcome], None] | None = None
    """Makes the two outcomes, ours and theirs, alike in this."""


def _times(ours: Outcome, theirs: Outcome) -> None:
    theirs.frames = [_with_z(frame) for frame in theirs.frames]
    theirs.stored = json.loads(_with_z(json.dumps(theirs.stored)))
    theirs.asked = [
        tuple(json.loads(_with_z(json.dumps(each))) if isinstance(each, dict) else each for each in note)
        for note in theirs.asked
    ]


def _with_z(text: str) -> str:
    return re.sub(r'("created_at": ?"[0-9T:.-]{19,26})"', r'\1Z"', text)


def _messages_of_errors(ours: Outcome, theirs: Outcome) -> None:
    message = f',"message":{json.dumps(DEFAULT_ERROR_MESSAGE)}'
    ours.frames = [
        frame.replace(message, "") if frame.startswith('data: {"type":"error"') else frame
        for frame in ours.frames
    ]


def _notes_for_the_model(ours: Outcome, theirs: Outcome) -> None:
    for outcome in (ours, theirs):
        for thread_id, items in outcome.stored["items"].items():
            outcome.stored["items"][thread_id] = [
                _evened_note(item) for item in items if item.get("content") != FAILED_NOTE
            ]


def _evened_note(item: Json) -> Json:
    is_note = item["type"] == "sdk_hidden_context" and item["id"].startswith("sdk_hidden_context_")
    return {**item, "id": "…", "content": "…"} if is_note else item


def _unfinished_items(ours: Outcome, theirs: Outcome) -> None:
    """Of what was shown but never finished, ours keeps more: take what theirs has of it."""
    if ours.refusal != "cancelled" and not any('"type":"error"' in frame for frame in ours.frames):
        return
    unfinished = _unfinished(ours.frames)
    kept = {item["id"]: item for item in _items(theirs)}
    messages_too = ours.refusal != "cancelled"
    for thread_id, items in ours.stored["items"].items():
        ours.stored["items"][thread_id] = [
            kept.get(item["id"])
            if item["id"] in unfinished and (messages_too or unfinished[item["id"]] != "assistant_message")
            else item
            for item in items
            if item["id"] in kept or item["id"] not in unfinished
        ]


_SAVES = re.compile(r'data: {"type":"thread\.item\.(done|replaced)"')


def _restored_items(ours: Outcome, theirs: Outcome) -> None:
    if ours.operation != "threads.retry_after_item" or any(map(_SAVES.match, ours.frames)):
        return
    kept = {item["id"] for item in _items(theirs)}
    for thread_id, items in ours.stored["items"].items():
        ours.stored["items"][thread_id] = [item for item in items if item["id"] in kept]


def _unfinished(frames: list[str]) -> dict[str, str]:
    """The kinds of the items that the client was shown but that were never done, by their id."""
    found: dict[str, str] = {}
    for frame in frames:
        event = json.loads(frame.removeprefix("data: "))
        match event.get("type"):
            case "thread.item.added":
                found[event["item"]["id"]] = event["item"]["type"]
            case "thread.item.done" | "thread.item.replaced":
                found.pop(event["item"]["id"], None)
            case "thread.item.removed":
                found.pop(event["item_id"], None)
    return found


def _removals(ours: Outcome, theirs: Outcome) -> None:
    for outcome in (ours, theirs):
        frames: list[str] = []
        for is_removal, group in groupby(outcome.frames, lambda frame: '"thread.item.removed"' in frame):
            neighbours = list(group)
            frames += sorted(neighbours) if is_removal else neighbours
        outcome.frames = frames


def _items(outcome: Outcome) -> list[Json]:
    return [item for items in outcome.stored["items"].values() for item in items]


DIFFERENCES = [
    # What is written.
    Difference(
        "utc-times",
        "Times of ours are aware and end in Z.",
        "Browsers take a time without an offset for their own local time.",
        _times,
    ),
    Difference(
        "long-ids",
        "Ids made by default have 32 hex digits, not 8.",
        "Eight collide after some ten thousand rows, and the later row replaces the earlier one.",
    ),
    Difference(
        "error-messages",
        "An error event always has a message.",
        "There are clients that fail without one.",
        _messages_of_errors,
    ),
    Difference(
        "unwritable-events",
        "What cannot be written as JSON ends the turn with an error event.",
        "The stream broke, and the user saw nothing of it.",
    ),
    Difference(
        "own-wording",
        "What the model is told beside the user's own words is worded anew.",
        "The published wording is not ours to copy.",
        _notes_for_the_model,
    ),
    # What is refused, and when.
    Difference(
        "admitted-first",
        "A streaming request is checked, refused and stored before its stream, not inside of it.",
        "A client gets a status and a reason instead of a stream that breaks.",
    ),
    Difference(
        "one-transaction",
        "With an unknown attachment nothing is written and no event is sent.",
        "It left threads behind that nobody had said anything in.",
    ),
    Difference(
        "closed-threads",
        "A locked or closed thread takes no input, and the files in it stay.",
        "That is what its status says.",
    ),
    Difference(
        "unknown-retry",
        "A retry of an unknown item is refused, not answered with an empty stream.",
        "The user saw nothing at all.",
    ),
    Difference(
        "strict-base64",
        "A recording that is not base64 is refused.",
        "What was left of it went to the speech service.",
    ),
    Difference(
        "bounded-titles",
        "A title of more than 2000 characters is refused.",
        "Every list of threads carries all titles.",
    ),
    Difference(
        "bounded-attachments",
        "A message with more than 100 attachments is refused.",
        "Each of them is loaded and saved in one transaction.",
    ),
    Difference(
        "typed-actions", "An action without a type is refused.", "No application could tell what to do."
    ),
    Difference(
        "feedback",
        "Feedback is stored; feedback on an unknown thread is refused.",
        "It was dropped without a word, for any thread.",
    ),
    Difference(
        "attachment-owners",
        "Deleting an attachment that the store does not know is refused.",
        "The store knows whose it is; the bytes' store need not.",
    ),
    Difference(
        "escaped-blanks",
        "What a widget template puts into a string is escaped there; JSON in a text has to be marked `safe`.",
        "A quotation mark in a user's text broke the widget, or added an action to it.",
    ),
    # What is accepted.
    Difference(
        "lenient-messages",
        "A message may leave out its attachments and inference options, or send null.",
        "Clients do.",
    ),
    Difference(
        "upload-urls",
        "An attachment may be made with an upload_url.",
        "Older clients know nothing else, and older stores give nothing else.",
    ),
    Difference(
        "pending-calls",
        "The output of a client tool finds its call although something was stored after it.",
        "A message beside the call, or a hidden note, made the thread unusable.",
    ),
    # Reading.
    Difference(
        "full-pages",
        "Hidden items are left out before a page is cut, not after.",
        "Clients take a short page for the last one.",
    ),
    Difference(
        "bounded-pages",
        "A limit below 1 counts as 1, one above the cap as the cap.",
        "Stores are not asked for -1 rows, nor for all they have.",
    ),
    # Storing.
    Difference(
        "plain-threads",
        "A new thread's changes are saved as plain metadata, without a page of items.",
        "Stores that keep what they are given kept an empty page, and showed it ever after.",
    ),
    Difference(
        "merged-changes",
        "Of a thread, what the responder changed is saved, on top of what is stored by then.",
        "A user who renames a thread during an answer had the old title back at its next change.",
    ),
    Difference(
        "deleted-threads",
        "A thread that was deleted during an answer is not saved again.",
        "It came back, without its items.",
    ),
    Difference(
        "unfinished-items",
        "What was shown but not finished is kept: all kinds when a turn is cancelled, and when it fails too,"
        " with a note for the model.",
        "What the user has read does not vanish with a reload, and the model knows why it ends there.",
        _unfinished_items,
    ),
    Difference(
        "closing-cancels",
        "Closing the stream counts as a cancellation.",
        "It is how some servers tell that the client is gone.",
    ),
    Difference(
        "shielded-cleanup",
        "Stores that wait can still save a cancelled turn.",
        "In a cancelled scope the first wait ended the saving.",
    ),
    Difference(
        "restored-answers",
        "A retry that fails before an item of it is done brings the old answer back.",
        "Otherwise the user is left with neither.",
        _restored_items,
    ),
    # Widgets.
    Difference(
        "widget-fallback",
        "What cannot be a text delta is a root update, never an exception.",
        "One change of a property ended the whole turn.",
    ),
    Difference(
        "basic-roots",
        "A component that is no root can be streamed: it is shown in a Basic root.",
        "Guides do so, and a text is a widget for most.",
    ),
    Difference(
        "widget-properties",
        "Unknown properties of a widget are kept.",
        "Front ends may know more of them than we do.",
    ),
    # Agents.
    Difference(
        "mapped-ids",
        "A model's id that the thread has already, or that is none, is replaced.",
        "With Chat Completions all messages of a thread have the same, and each replaced the one before.",
    ),
    Difference(
        "streamed-citations",
        "Citations are accepted in whatever class they come.",
        "Those that are streamed come in other classes than those of finished messages.",
    ),
    Difference(
        "task-identity",
        "Tasks are numbered by their place, not by equality.",
        "The update of a task went to its twin.",
    ),
    Difference(
        "task-places",
        "A task that is updated by a negative index is sent with its place.",
        "Clients know no negative places.",
    ),
    Difference(
        "mixed-times",
        "A workflow may have begun at an aware time.",
        "Where aware and naive times met, the turn ended.",
    ),
    Difference(
        "plain-history",
        "An assistant's message goes back to the model as plain text, and not at all without any.",
        "Chat Completions refuses the parts that the Responses API takes.",
    ),
    Difference(
        "removals-in-order",
        "What a guardrail removes is removed in the order it came.",
        "It came in any order.",
        _removals,
    ),
    Difference(
        "late-events",
        "An event put after the response's end is logged.",
        "It was lost without a word.",
    ),
    Difference(
        "images-apart",
        "Images that are made side by side keep their own items.",
        "The first one's pictures went to the second.",
    ),
    Difference(
        "no-tasks-left",
        "A cancelled run leaves no task behind.",
        "It kept the run, its tools and the model's connection.",
    ),
    Difference(
        "headers-reset",
        "The User-Agent of model calls is reset with the turn, whatever ends it.",
        "After a failure it stayed for whatever ran next.",
    ),
]


def even_out(ours: Outcome, theirs: Outcome) -> None:
    """Make the outcomes alike in all that is wanted."""
    for difference in DIFFERENCES:
        if difference.even_out:
            difference.even_out(ours, theirs)


SHOWN: set[str] = set()
"""The differences that have a test of their own."""


def shows(*ids: str) -> Callable[[F], F]:
    """Marks the test that shows a difference."""
    assert {*ids} <= {difference.id for difference in DIFFERENCES}
    SHOWN.update(ids)
    return lambda test: test
