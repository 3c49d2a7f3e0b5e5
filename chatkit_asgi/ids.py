"""New identifiers: a prefix that tells the kind, an underscore, the 32 hex digits of a UUID4 (RFC 9562)."""

from typing import Literal
from uuid import uuid4

__all__ = ["PREFIXES", "StoreItemType", "default_generate_id"]

StoreItemType = Literal[
    "thread", "message", "tool_call", "task", "workflow", "attachment", "sdk_hidden_context"
]

PREFIXES: dict[StoreItemType, str] = {
    "thread": "thr",
    "message": "msg",
    "tool_call": "tc",
    "workflow": "wf",
    "task": "tsk",
    "attachment": "atc",
    "sdk_hidden_context": "shcx",
}


def default_generate_id(item_type: StoreItemType) -> str:
    """A fresh id for a thing of the given kind, for example ``msg_4f62d6a7f2c34bd084f57cfb3df9f6bd``."""
    return f"{PREFIXES[item_type]}_{uuid4().hex}"
