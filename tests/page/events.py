"""The protocol's events and items as they stand on the wire, made by hand: nothing checks their shape."""

from typing import Any

__all__ = [
    "Json",
    "added",
    "assistant",
    "custom",
    "done",
    "item",
    "part",
    "thread",
    "update",
    "user",
    "widget",
]

Json = dict[str, Any]  # Any: JSON
CREATED = "2026-01-02T03:04:05.000000Z"


def thread(**fields: object) -> Json:
    items: Json = {"data": [], "has_more": False}
    status = {"type": "active"}
    return {"id": "thr_1", "created_at": CREATED, "status": status, "metadata": {}, "items": items, **fields}


def item(kind: str, id: str, **fields: object) -> Json:
    return {"type": kind, "id": id, "thread_id": "thr_1", "created_at": CREATED, **fields}


def user(id: str, content: object = "Hello", **fields: object) -> Json:
    parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    return item("user_message", id, content=parts, **{"attachments": [], "inference_options": {}, **fields})


def part(text: str, *annotations: object) -> Json:
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


def assistant(id: str, *texts: str | Json) -> Json:
    return item(
        "assistant_message", id, content=[part(each) if isinstance(each, str) else each for each in texts]
    )


def widget(id: str, root: object, **fields: object) -> Json:
    return item("widget", id, widget=root, **fields)


def custom(title: str, **fields: object) -> Json:
    """A task."""
    return {"type": "custom", "title": title, "status_indicator": "none", **fields}


def added(item: object) -> Json:
    return {"type": "thread.item.added", "item": item}


def done(item: object) -> Json:
    return {"type": "thread.item.done", "item": item}


def update(item_id: str, kind: str, **fields: object) -> Json:
    return {"type": "thread.item.updated", "item_id": item_id, "update": {"type": kind, **fields}}
