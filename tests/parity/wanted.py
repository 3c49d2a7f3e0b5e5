"""Which turns of a generated conversation would show a difference that no evening out can undo.

These are left out there, and have tests of their own.
"""

from tests.parity.conversation import Conversation, Turn
from tests.parity.stores import Json

__all__ = ["differs"]

INPUTS = (
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
    "threads.sync_custom_action",
)


def differs(conversation: Conversation, turn: Turn) -> str | None:
    """The id of the difference that the turn would show."""
    store, params = conversation.servers["ours"].store, conversation.picked(turn.params)
    thread = store.threads.get(params.get("thread_id"), {"status": {"type": "active"}})
    if turn.operation in INPUTS and thread["status"]["type"] != "active":
        return "closed-threads"
    if set(params.get("input", {}).get("attachments", [])) - set(store.attachments):
        return "one-transaction"
    match turn.operation:
        case "threads.retry_after_item" if params["item_id"] not in [
            item["id"] for item in conversation.items()
        ]:
            return "unknown-retry"
        case "threads.add_client_tool_output" if _is_behind(conversation.items()):
            return "pending-calls"
        case "attachments.delete" if params["attachment_id"] not in store.attachments:
            return "attachment-owners"
        case "attachments.delete" if _is_kept(store.threads, store.attachments[params["attachment_id"]]):
            return "closed-threads"
    return None


def _is_kept(threads: Json, attachment: Json) -> bool:
    """Whether it was sent in a thread that is locked or closed."""
    thread = threads.get(str(attachment.get("thread_id")), {"status": {"type": "active"}})
    return bool(thread["status"]["type"] != "active")


def _is_behind(items: list[Json]) -> bool:
    """Whether a call waits for its output, but something else came after it."""
    return any(map(_is_pending, items)) and not _is_pending(items[-1])


def _is_pending(item: Json) -> bool:
    return (item["type"], item.get("status")) == ("client_tool_call", "pending")
