"""What single types do beyond their shape: times, attachments, statuses, summaries, icons, sources."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from chatkit_asgi.types import (
    ATTACHMENT_ADAPTER,
    ActiveStatus,
    Attachment,
    AttachmentUploadDescriptor,
    AudioInput,
    ClosedStatus,
    CustomSummary,
    EntitySource,
    FileAttachment,
    ImageAttachment,
    LockedStatus,
    Page,
    ProgressUpdateEvent,
    ThreadMetadata,
    ThreadStatus,
    Workflow,
    is_hidden,
)
from tests import factories


@pytest.fixture
def local_time_of_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("local_time_of_tokyo")
@pytest.mark.parametrize("naive", [datetime(2026, 1, 2, 12, 4, 5), "2026-01-02T12:04:05"])  # noqa: DTZ001
def test_naive_time_is_local_and_goes_out_in_utc(naive: Any) -> None:
    thread = factories.make_thread(created_at=naive)
    assert thread.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert '"created_at":"2026-01-02T03:04:05Z"' in thread.model_dump_json()


def test_offset_of_an_aware_time_is_kept() -> None:
    item = factories.make_end_of_turn(created_at=datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert '"created_at":"2026-01-02T00:00:00+02:00"' in item.model_dump_json()


def test_time_survives_a_round_trip() -> None:
    thread = factories.make_thread(created_at=datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC))
    text = thread.model_dump_json()
    assert '"2026-01-02T03:04:05.678900Z"' in text
    assert ThreadMetadata.model_validate_json(text).model_dump_json() == text


def test_only_the_two_kinds_of_context_are_hidden() -> None:
    hidden = [item.type for item in factories.make_every_item() if is_hidden(item)]
    assert hidden == ["hidden_context_item", "sdk_hidden_context"]


def test_attachment_metadata_leaves_a_dump_only_when_its_context_says_so() -> None:
    message = factories.make_user_message(attachments=[factories.make_attachment()])
    assert message.model_dump()["attachments"][0]["metadata"] == {"key": "blob-1"}
    assert message.model_dump(context={"exclude_metadata": False})["attachments"][0]["metadata"]
    assert "metadata" not in message.model_dump(context={"exclude_metadata": True})["attachments"][0]


def test_upload_url_becomes_a_descriptor_and_both_are_sent() -> None:
    attachment = factories.make_attachment(upload_url="https://up.example/a", metadata=None)
    assert attachment.model_dump(mode="json", exclude_none=True) == {
        "id": "atc_1",
        "name": "notes.txt",
        "mime_type": "text/plain",
        "upload_descriptor": {"url": "https://up.example/a", "method": "POST", "headers": {}},
        "upload_url": "https://up.example/a",
        "type": "file",
    }
    assert ATTACHMENT_ADAPTER.validate_json(attachment.model_dump_json()) == attachment


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, FileAttachment),
        ({"preview_url": None}, FileAttachment),
        ({"preview_url": "https://files.example/a"}, ImageAttachment),
        ({"type": "file", "preview_url": "https://files.example/a"}, FileAttachment),
    ],
)
def test_calling_the_union_of_attachments_makes_one_of_them(fields: dict[str, Any], kind: type) -> None:
    attachment = Attachment(**{"id": "atc_1", "name": "a", "mime_type": "image/png", **fields})
    assert type(attachment) is kind
    assert isinstance(attachment, Attachment)
    assert Attachment.model_validate_json(attachment.model_dump_json()) == attachment


def test_image_cannot_be_made_without_a_preview() -> None:
    with pytest.raises(ValidationError, match="preview_url"):
        Attachment(id="atc_1", name="a", mime_type="image/png", type="image")


def test_descriptor_that_was_given_is_not_replaced() -> None:
    descriptor = AttachmentUploadDescriptor.model_validate({"url": "https://up.example/b", "method": "PUT"})
    attachment = factories.make_attachment(upload_url="https://up.example/a", upload_descriptor=descriptor)
    assert attachment.upload_descriptor == descriptor


def test_dump_of_an_attachment_without_upload_url_does_not_name_it() -> None:
    assert "upload_url" not in factories.make_image_attachment().model_dump()


@pytest.mark.parametrize("status", [ActiveStatus(), LockedStatus(reason="later"), ClosedStatus()])
def test_status_type_cannot_be_assigned(status: ThreadStatus) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(status, "type", status.type)  # noqa: B010 - a checker would refuse the plain assignment


def test_title_wins_over_duration_in_a_summary() -> None:
    workflow = Workflow.model_validate(
        {"type": "custom", "tasks": [], "summary": {"duration": 3, "title": "t"}}
    )
    assert workflow.summary == CustomSummary(title="t")


@pytest.mark.parametrize("icon", ["search", "vendor:", "lucide:anchor"])
def test_icons_are_known_or_prefixed(icon: Any) -> None:
    assert ProgressUpdateEvent(icon=icon, text="").icon == icon


@pytest.mark.parametrize("icon", ["nothing", "other:x", ""])
def test_other_icons_are_refused(icon: Any) -> None:
    with pytest.raises(ValidationError):
        ProgressUpdateEvent(icon=icon, text="")


def test_reading_an_entity_preview_warns_and_writing_it_does_not() -> None:
    source = EntitySource(id="e", title="t", preview="lazy")
    assert '"preview":"lazy"' in source.model_dump_json()
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert source.preview == "lazy"


def test_media_type_is_what_stands_before_the_first_semicolon() -> None:
    assert AudioInput(data=b"", mime_type="Audio/webm ;codecs=opus").media_type == "Audio/webm "


def test_pages_do_not_share_their_default() -> None:
    page: Page[str] = Page()
    page.data.append("x")
    assert Page[str]().data == []
