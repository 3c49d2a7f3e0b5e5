"""Every route and every operation, with the ids of somebody else.

`python -m tests.web.ownership` shows the table. A route or an operation that is not here fails a test.
"""

from dataclasses import dataclass
from typing import Any

__all__ = ["OPERATIONS", "ROUTES", "Try", "table"]

OPEN = "for everybody"
BY_KEY = "for servers with a key of the operator's"
OWN = "takes nobody's ids"
MESSAGE = {"content": [{"type": "input_text", "text": "mine now"}]}
ACTION = {"type": "buy", "payload": {}}


@dataclass(frozen=True)
class Try:
    """One way to reach for what is somebody else's.

    In `params`, or in a route's path, ``{thread}`` stands for the id of a thread of the owner's, and so on;
    ``{own_thread}`` for one of the caller's.
    """

    reach: str
    params: Any = None
    status: int = 404
    answer: Any = None
    """The JSON of an answer that is no error."""


def _on_thread(**params: Any) -> list[Try]:
    """The owner's thread, also while an answer is coming in it."""
    return [
        Try(reach, {"thread_id": f"{{{thread}}}", **params})
        for thread, reach in {"thread": "thread", "busy_thread": "thread with a running turn"}.items()
    ]


OPERATIONS: dict[str, list[Try] | str] = {
    "threads.get_by_id": _on_thread(),
    "threads.list": [
        Try("nothing", {}, 200, {"data": [], "has_more": False}),
        Try("thread as cursor", {"after": "{thread}"}, 400),
    ],
    "threads.create": [Try("attachment", {"input": {**MESSAGE, "attachments": ["{attachment}"]}})],
    "threads.add_user_message": [
        *_on_thread(input=MESSAGE),
        Try(
            "attachment, in a thread of one's own",
            {"thread_id": "{own_thread}", "input": {**MESSAGE, "attachments": ["{attachment}"]}},
        ),
    ],
    "threads.add_client_tool_output": _on_thread(result={}),
    "threads.add_structured_input": [
        *_on_thread(item_id="{form}", input={"answers": {}}),
        Try(
            "item, in a thread of one's own",
            {"thread_id": "{own_thread}", "item_id": "{form}", "input": {"answers": {}}},
        ),
    ],
    "threads.retry_after_item": [
        *_on_thread(item_id="{message}"),
        Try("item, in a thread of one's own", {"thread_id": "{own_thread}", "item_id": "{message}"}),
    ],
    "threads.custom_action": [
        *_on_thread(item_id="{widget}", action=ACTION),
        *_on_thread(action=ACTION),
        Try(
            "item, in a thread of one's own",
            {"thread_id": "{own_thread}", "item_id": "{widget}", "action": ACTION},
        ),
    ],
    "threads.sync_custom_action": [
        *_on_thread(item_id="{widget}", action=ACTION),
        *_on_thread(action=ACTION),
        Try(
            "item, in a thread of one's own",
            {"thread_id": "{own_thread}", "item_id": "{widget}", "action": ACTION},
        ),
    ],
    "threads.update": _on_thread(title="mine now"),
    # what is gone already may be deleted again, so that nobody learns which it is
    "threads.delete": [
        Try("thread", {"thread_id": "{thread}"}, 200, {}),
        Try("thread with a running turn", {"thread_id": "{busy_thread}"}, 200, {}),
    ],
    "items.list": [
        *_on_thread(),
        Try(
            "item as cursor, in a thread of one's own",
            {"thread_id": "{own_thread}", "after": "{message}"},
            400,
        ),
    ],
    "items.feedback": [
        *_on_thread(item_ids=["{message}"], kind="negative"),
        # items may be rated before they are stored; the word stays with the thread, which is the caller's
        Try(
            "item, in a thread of one's own",
            {"thread_id": "{own_thread}", "item_ids": ["{message}"], "kind": "negative"},
            200,
            {},
        ),
    ],
    "attachments.create": OWN,
    "attachments.delete": [
        Try("attachment", {"attachment_id": "{attachment}"}),
        Try("announced attachment", {"attachment_id": "{announced}"}),
    ],
    "input.transcribe": OWN,
}

ROUTES: dict[tuple[str, str], list[Try] | str] = {
    ("POST", "/chatkit"): "each operation, below",
    ("POST", "/files"): OWN,
    ("PUT", "/files/{id}"): [
        Try("announced attachment, no token", "/files/{announced}"),
        Try("announced attachment, a token for one's own", "/files/{announced}?token={own_upload}"),
        Try("announced attachment, a token for downloads", "/files/{announced}?token={own_download}"),
    ],
    ("POST", "/files/{id}"): [
        Try("announced attachment, no token", "/files/{announced}"),
        Try("announced attachment, a token for one's own", "/files/{announced}?token={own_upload}"),
    ],
    ("GET", "/files/{id}"): [
        Try("attachment, no token", "/files/{attachment}"),
        Try("attachment, a token for one's own", "/files/{attachment}?token={own_download}"),
        Try("attachment, a token for uploads", "/files/{attachment}?token={own_upload}"),
    ],
    ("HEAD", "/files/{id}"): [
        Try("attachment, a token for one's own", "/files/{attachment}?token={own_download}")
    ],
    ("GET", "/composer"): OWN,
    ("GET", "/threads/search"): [
        Try("what was said", "/threads/search?q=hush", 200, {"data": [], "has_more": False}),
    ],
    ("GET", "/threads/{id}/stream"): [
        Try("thread", "/threads/{thread}/stream"),
        Try("thread with a running turn", "/threads/{busy_thread}/stream"),
        Try("its turn", "/threads/{busy_thread}/stream?turn={turn}"),
        Try("turn, in a thread of one's own", "/threads/{own_thread}/stream?turn={turn}"),
    ],
    ("HEAD", "/threads/{id}/stream"): [Try("thread with a running turn", "/threads/{busy_thread}/stream")],
    ("POST", "/threads/{id}/cancel"): [
        Try("thread", "/threads/{thread}/cancel"),
        Try("thread with a running turn", "/threads/{busy_thread}/cancel"),
    ],
    ("POST", "/session"): BY_KEY,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/"): OPEN,
    ("GET", "/chatkit.js"): OPEN,
    ("GET", "/licenses.md"): OPEN,
    ("GET", "/static/{name}"): OPEN,
}
"""`HEAD` is left out where it is `GET` for everybody."""


def table() -> str:
    """Markdown: one line for each try."""
    rows = ["| door | what is reached for | answer |", "|---|---|---|"]
    doors = {f"{method} {path}": tries for (method, path), tries in ROUTES.items()} | OPERATIONS
    for door, tries in doors.items():
        lines = [("–", tries)] if isinstance(tries, str) else [(each.reach, _told(each)) for each in tries]
        rows += [f"| `{door}` | {reach} | {told} |" for reach, told in lines]
    return "\n".join(rows)


def _told(each: Try) -> str:
    answers = {200: "200, nothing of it, without effect", 400: "400 as for an unknown cursor"}
    return answers.get(each.status, str(each.status))


if __name__ == "__main__":
    print(table())
