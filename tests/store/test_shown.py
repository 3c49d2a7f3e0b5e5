"""The mark of documents in the form for clients: what it stands for, and when its number has to go up."""

import json
from hashlib import sha256

from pydantic import TypeAdapter

from chatkit_asgi.store import client_json, thread_json
from chatkit_asgi.store.documents import read_item, read_shown_item, write_item
from chatkit_asgi.store.shown import MARK, WIRE_VERSION
from chatkit_asgi.types import THREAD_ITEM_ADAPTER, AssistantMessageItem, ThreadMetadata
from tests.factories import make_assistant_message, make_every_item, make_thread

DIGESTS = {1: "399f6c3d1ea540a9"}
"""Of what clients get, in each version."""


def digest() -> str:
    """Of all that decides what a document of this release looks like, and which ones it can read."""
    kinds = (THREAD_ITEM_ADAPTER, TypeAdapter(ThreadMetadata))
    schemas = [kind.json_schema(mode=mode) for kind in kinds for mode in ("validation", "serialization")]
    samples = [client_json(item).decode() for item in make_every_item()]
    samples.append(thread_json(make_thread(title="title", metadata={"a": 1})).decode())
    return sha256(json.dumps([schemas, samples], sort_keys=True).encode()).hexdigest()[:16]


def test_version_goes_up_with_every_change_of_what_clients_get() -> None:
    """Else rows written before would be shown as they were: raise WIRE_VERSION and add its digest."""
    assert digest() == DIGESTS[WIRE_VERSION]


def test_mark_of_another_version_is_not_ours() -> None:
    item = make_assistant_message()
    document = write_item(item)
    assert read_shown_item(document, item.id) == document.removesuffix(MARK)
    other = "\n" + f"{WIRE_VERSION + 1:08b}".translate({ord("0"): " ", ord("1"): "\t"})
    assert read_shown_item(document.removesuffix(MARK) + other, item.id) == item


def test_mark_is_nothing_to_readers_of_json() -> None:
    item = make_assistant_message()
    document = write_item(item)
    assert document.endswith(MARK)
    assert json.loads(document) == json.loads(client_json(item))
    assert read_item(document, item.id) == item


def test_cut_off_document_is_not_shown() -> None:
    document = write_item(make_assistant_message())
    assert read_shown_item(document[: -len(MARK) - 1], "msg_assistant") is None


class OwnMessage(AssistantMessageItem):
    """An application's own, with a field that rows do not give back."""

    secret: str = "s3cret"


def test_item_of_an_applications_own_class_is_not_marked() -> None:
    """What it shows while it is streamed is not what its row shows."""
    own = OwnMessage(**dict(make_assistant_message()))
    assert not write_item(own).endswith(MARK)
