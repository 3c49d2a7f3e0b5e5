import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from chatkit_asgi.attachments import (
    BlobAttachmentStore,
    BlobSweeper,
    MemoryBlobStore,
    Quota,
    Signer,
    Upload,
    is_ready,
    request_base_url,
)
from chatkit_asgi.attachments.places import PlaceAccess, place_of
from chatkit_asgi.attachments.presigning import S3Links
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import (
    BackendError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
    TooLargeError,
    TooManyError,
    UnsupportedTypeError,
)
from chatkit_asgi.store import Usage
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    FileAttachment,
    ImageAttachment,
)
from tests.attachments.samples import HTML, PNG, chunked
from tests.factories import make_attachment

BASE = "https://chat.example/api"


class FailingStore(MemoryStore[RequestContext]):
    """A database that goes away after so many attachments."""

    def __init__(self, saves: int) -> None:
        super().__init__()
        self._saves = saves

    async def save_attachment(self, attachment: Attachment, context: RequestContext) -> None:
        self._saves -= 1
        if self._saves < 0:
            raise BackendError("The database does not answer.")
        await super().save_attachment(attachment, context)


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore()


@pytest.fixture
def store() -> MemoryStore[RequestContext]:
    return MemoryStore()


@pytest.fixture
def attachments(
    blobs: MemoryBlobStore, store: MemoryStore[RequestContext]
) -> BlobAttachmentStore[RequestContext]:
    return BlobAttachmentStore(blobs, store, Signer(["key"]), base_url=BASE + "/", max_bytes=10_000)


def params(name: str = "a.png", size: int = 40, mime_type: str = "image/png") -> AttachmentCreateParams:
    return AttachmentCreateParams(name=name, size=size, mime_type=mime_type)


def token_of(url: object) -> str:
    return str(url).partition("?token=")[2]


async def announce(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext, mime_type: str = "image/png"
) -> tuple[Attachment, str]:
    """Phase one as the server does it; gives the attachment and the token of its upload link."""
    created = await attachments.create_attachment(params(mime_type=mime_type), context)
    await attachments.store.save_attachment(created, context)
    return attachments.present(created), token_of(created.upload_url)


def names(blobs: MemoryBlobStore) -> list[str]:
    """The folders of all blobs."""
    return sorted(key.partition("/")[0] for key in blobs._blobs)


async def swept(attachments: BlobAttachmentStore[RequestContext]) -> list[str]:
    """The folders of what is left when all that is due has been deleted."""
    blobs, outbox = attachments.blobs, attachments.store.outbox
    assert isinstance(blobs, MemoryBlobStore)
    assert outbox is not None
    await BlobSweeper(outbox, blobs, link_seconds=60).sweep()
    return names(blobs)


async def failing(error: Exception) -> AsyncIterator[bytes]:
    yield bytes(5000)
    raise error


async def test_create_says_where_the_bytes_go(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created = await attachments.create_attachment(params("../Größe.png"), context)
    assert re.fullmatch(r"atc_[0-9a-f]{32}", created.id)
    assert created.upload_descriptor is not None
    assert created.upload_descriptor.method == "POST"
    assert created.upload_descriptor.url == created.upload_url
    assert str(created.upload_url).startswith(f"{BASE}/files/{created.id}?token=")
    assert (created.type, created.name) == ("image", "Größe.png")
    assert created.metadata == {"size": 40, "blob_folder": created.id, "owner": "alice"}
    assert not is_ready(created)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (params(size=10_001), TooLargeError),
        (params(size=-1), ValueError),
        (params(mime_type="text/html"), UnsupportedTypeError),
    ],
)
async def test_create_refuses_what_could_not_be_uploaded(
    blobs: MemoryBlobStore,
    store: MemoryStore[RequestContext],
    context: RequestContext,
    wrong: AttachmentCreateParams,
    error: type[Exception],
) -> None:
    attachments = BlobAttachmentStore(
        blobs, store, Signer(["key"]), base_url=BASE, max_bytes=10_000, allowed_types=["image/*"]
    )
    with pytest.raises(error):
        await attachments.create_attachment(wrong, context)


async def test_received_image_is_ready_and_its_stored_row_has_no_link(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    received = await attachments.receive(created.id, token, chunked(PNG))
    stored = await attachments.store.load_attachment(created.id, context)
    assert isinstance(received, ImageAttachment)
    assert is_ready(received)
    assert received.upload_url is None
    assert stored.metadata is not None
    assert re.fullmatch(f"{created.id}/[0-9a-f]{{16}}", stored.metadata.pop("blob"))
    assert stored.metadata == {
        **(created.metadata or {}),
        "size": len(PNG),
        "sniffed_type": "image/png",
        "width": 3,
        "height": 2,
    }
    assert "token" not in stored.model_dump_json()
    assert await attachments.read(received, context) == PNG


async def test_announced_image_whose_bytes_are_none_becomes_a_file(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    received = await attachments.receive(created.id, token, chunked(HTML))
    assert isinstance(received, FileAttachment)
    assert received.mime_type == "application/octet-stream"


async def test_preview_link_of_an_announced_image_is_judged_by_the_bytes_that_came(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    assert isinstance(created, ImageAttachment)
    await attachments.receive(created.id, token, chunked(HTML))
    found = await attachments.find_download(created.id, token_of(created.preview_url))
    assert not found.is_inline
    assert b"".join([chunk async for chunk in await found.open(0, None)]) == HTML


async def test_thread_given_while_the_bytes_came_is_kept(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)

    async def slow() -> AsyncIterator[bytes]:
        yield PNG
        sent = created.model_copy(update={"thread_id": "thr_1"})
        await attachments.store.save_attachment(sent, context)

    received = await attachments.receive(created.id, token, slow())
    assert received.thread_id == "thr_1"


async def test_second_upload_on_the_same_link_conflicts(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    await attachments.receive(created.id, token, chunked(PNG))
    with pytest.raises(ConflictError):
        await attachments.receive(created.id, token, chunked(HTML))
    assert await attachments.read(created, context) == PNG


async def test_failed_upload_may_be_tried_again(
    attachments: BlobAttachmentStore[RequestContext], blobs: MemoryBlobStore, context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    with pytest.raises(RuntimeError, match="gone"):
        await attachments.receive(created.id, token, failing(RuntimeError("gone")))
    assert names(blobs) == []
    assert is_ready(await attachments.receive(created.id, token, chunked(PNG)))


async def test_attachment_deleted_while_its_bytes_came_stays_deleted(
    attachments: BlobAttachmentStore[RequestContext], blobs: MemoryBlobStore, context: RequestContext
) -> None:
    created, token = await announce(attachments, context)

    async def deleting() -> AsyncIterator[bytes]:
        yield PNG
        await attachments.delete_attachment(created.id, context)
        await attachments.store.delete_attachment(created.id, context)

    with pytest.raises(NotFoundError):
        await attachments.receive(created.id, token, deleting())
    assert names(blobs) == []


@pytest.mark.parametrize("saves", [0, 1])
async def test_bytes_without_a_row_are_not_kept(
    blobs: MemoryBlobStore, context: RequestContext, saves: int
) -> None:
    store = FailingStore(saves)
    attachments = BlobAttachmentStore(blobs, store, Signer(["key"]), base_url=BASE)
    with pytest.raises(BackendError):
        await attachments.receive_direct(chunked(PNG), name="a.png", claimed="image/png", context=context)
    assert names(blobs) == []
    assert await store.load_usage(context) == Usage()


async def test_first_complete_upload_on_a_link_counts_and_the_later_one_changes_nothing(
    attachments: BlobAttachmentStore[RequestContext], blobs: MemoryBlobStore, context: RequestContext
) -> None:
    """A client that lost its connection sends the file again while the first upload still runs."""
    created, token = await announce(attachments, context)

    async def slow() -> AsyncIterator[bytes]:
        yield HTML
        await attachments.receive(created.id, token, chunked(PNG))
        yield HTML

    with pytest.raises(ConflictError, match="already"):
        await attachments.receive(created.id, token, slow())
    assert await attachments.read(created, context) == PNG
    assert names(blobs) == [created.id]


async def test_links_fit_only_their_purpose_and_attachment(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    other, other_token = await announce(attachments, context)
    assert isinstance(created, ImageAttachment)
    preview = token_of(created.preview_url)
    for attachment_id, wrong in [(created.id, preview), (created.id, other_token), (other.id, token)]:
        with pytest.raises(NotFoundError):
            await attachments.receive(attachment_id, wrong, chunked(PNG))
    for attachment_id, wrong in [(created.id, token), (other.id, preview)]:
        with pytest.raises(NotFoundError):
            await attachments.find_download(attachment_id, wrong)


async def test_expired_link_is_not_found(
    blobs: MemoryBlobStore, store: MemoryStore[RequestContext], context: RequestContext
) -> None:
    times = [utcnow()]

    def now() -> datetime:
        return times[-1]

    attachments = BlobAttachmentStore(blobs, store, Signer(["key"], now=now), base_url=BASE, link_seconds=60)
    created, token = await announce(attachments, context)
    times.append(times[0] + timedelta(seconds=61))
    with pytest.raises(NotFoundError, match="expired"):
        await attachments.receive(created.id, token, chunked(PNG))


async def test_bytes_are_swept_when_the_row_is_deleted(
    attachments: BlobAttachmentStore[RequestContext], blobs: MemoryBlobStore, context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    await attachments.receive(created.id, token, chunked(PNG))
    link = token_of(attachments.download_url(created))
    await attachments.delete_attachment(created.id, context)
    await attachments.delete_attachment(created.id, context)
    assert await swept(attachments) == [created.id]
    await attachments.store.delete_attachment(created.id, context)
    with pytest.raises(NotFoundError):  # at once, whenever the bytes follow
        await attachments.find_download(created.id, link)
    assert await swept(attachments) == []


async def test_bytes_are_deleted_at_once_where_the_store_has_no_outbox(
    blobs: MemoryBlobStore, context: RequestContext
) -> None:
    class Plain(MemoryStore[RequestContext]):
        @property
        def outbox(self) -> None:  # type: ignore[override]
            return None

    attachments = BlobAttachmentStore(blobs, Plain(), Signer(["key"]), base_url=BASE)
    created, token = await announce(attachments, context)
    await attachments.receive(created.id, token, chunked(PNG))
    await attachments.delete_attachment(created.id, context)
    assert names(blobs) == []


async def test_attachment_is_ready_when_its_bytes_are_there(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    with pytest.raises(ConflictError, match=r"a\.png is not uploaded yet"):
        await attachments.require_ready(created, context)
    received = await attachments.receive(created.id, token, chunked(PNG))
    await attachments.require_ready(received, context)
    await attachments.require_ready(
        make_attachment(), context
    )  # an application's own is none of our business


# Quotas


def limited(blobs: MemoryBlobStore, **quota: int) -> BlobAttachmentStore[RequestContext]:
    return BlobAttachmentStore(blobs, MemoryStore(), Signer(["key"]), base_url=BASE, quota=Quota(**quota))


async def direct(
    attachments: BlobAttachmentStore[RequestContext], data: bytes, context: RequestContext
) -> Attachment:
    return await attachments.receive_direct(
        chunked(data), name="a.txt", claimed="text/plain", context=context
    )


async def test_user_may_keep_so_many_files(
    blobs: MemoryBlobStore, context: RequestContext, other_context: RequestContext
) -> None:
    attachments = limited(blobs, max_files=2)
    first = await direct(attachments, b"1", context)
    await announce(attachments, context)
    for refused in (attachments.create_attachment(params(), context), direct(attachments, b"3", context)):
        with pytest.raises(TooManyError, match="2 files"):
            await refused
    await direct(attachments, b"hers", other_context)
    await attachments.store.delete_attachment(first.id, context)
    await direct(attachments, b"3", context)


async def test_user_may_keep_so_many_bytes(
    blobs: MemoryBlobStore, context: RequestContext, other_context: RequestContext
) -> None:
    attachments = limited(blobs, max_bytes=100)
    await direct(attachments, bytes(50), context)
    created, token = await announce(attachments, context)  # 40 bytes, and sends more
    refused = [
        attachments.create_attachment(params(size=11), context),
        direct(attachments, bytes(11), context),
        attachments.receive(created.id, token, chunked(bytes(51))),
    ]
    for attempt in refused:
        with pytest.raises(TooLargeError, match="10 more bytes"):
            await attempt
    await attachments.receive(created.id, token, chunked(bytes(50)))
    await direct(attachments, bytes(100), other_context)
    assert await attachments.store.load_usage(context) == Usage(2, 100)
    assert len(names(blobs)) == 3


async def test_refused_upload_counts_for_nothing(blobs: MemoryBlobStore, context: RequestContext) -> None:
    attachments = limited(blobs, max_files=1, max_bytes=100)
    with pytest.raises(TooLargeError):
        await direct(attachments, bytes(101), context)
    await direct(attachments, bytes(100), context)


# A hook


async def test_hook_sees_what_was_uploaded_and_may_refuse_it(
    blobs: MemoryBlobStore, store: MemoryStore[RequestContext], context: RequestContext
) -> None:
    seen: list[tuple[str, str, int, str]] = []

    async def scan(upload: Upload, context: RequestContext) -> None:
        found = upload.attachment
        seen.append((found.name, found.mime_type, upload.size, context.user_id))
        data = b"".join([chunk async for chunk in await upload.open()])
        if b"virus" in data:
            raise InvalidRequestError("The file has a virus.")

    attachments = BlobAttachmentStore(blobs, store, Signer(["key"]), base_url=BASE, on_upload=scan)
    created, token = await announce(attachments, context)
    with pytest.raises(InvalidRequestError, match="virus"):
        await attachments.receive(created.id, token, chunked(b"a virus"))
    with pytest.raises(InvalidRequestError, match="virus"):
        await direct(attachments, b"virus", context)
    assert names(blobs) == []
    await attachments.receive(created.id, token, chunked(PNG))
    assert seen == [
        ("a.png", "application/octet-stream", 7, "alice"),
        ("a.txt", "text/plain", 5, "alice"),
        ("a.png", "image/png", len(PNG), "alice"),
    ]


async def test_somebody_elses_attachment_is_not_found(
    attachments: BlobAttachmentStore[RequestContext], context: RequestContext, other_context: RequestContext
) -> None:
    created, token = await announce(attachments, context)
    await attachments.receive(created.id, token, chunked(PNG))
    with pytest.raises(NotFoundError):
        await attachments.delete_attachment(created.id, other_context)
    with pytest.raises(NotFoundError):
        await attachments.read(created, other_context)
    assert await attachments.read(created, context) == PNG


async def test_owner_with_a_tenant_receives_what_was_announced(
    attachments: BlobAttachmentStore[RequestContext],
) -> None:
    context = RequestContext(user_id="alice", tenant="acme")
    created, token = await announce(attachments, context)
    await attachments.receive(created.id, token, chunked(PNG))
    assert await attachments.read(created, context) == PNG


async def test_preview_links_are_fresh_and_the_row_is_untouched(
    attachments: BlobAttachmentStore[RequestContext],
) -> None:
    image = ImageAttachment(
        id="atc_1",
        name="a.png",
        mime_type="image/png",
        preview_url="about:blank",
        metadata={"blob_folder": "atc_1", "blob": "atc_1/5f", "owner": "alice"},
    )
    presented = attachments.present(image)
    assert isinstance(presented, ImageAttachment)
    assert str(presented.preview_url).startswith(f"{BASE}/files/atc_1?token=")
    assert str(image.preview_url) == "about:blank"


async def test_links_follow_the_request_when_no_address_is_set(
    blobs: MemoryBlobStore, store: MemoryStore[RequestContext], context: RequestContext
) -> None:
    attachments = BlobAttachmentStore(blobs, store, Signer(["key"]))
    with pytest.raises(NotSupportedError, match="CHATKIT_PUBLIC_URL"):
        await attachments.create_attachment(params(), context)
    reset = request_base_url.set("http://127.0.0.1:9/mounted")
    created = await attachments.create_attachment(params(), context)
    request_base_url.reset(reset)
    assert str(created.upload_url).startswith("http://127.0.0.1:9/mounted/files/")


async def test_ids_of_the_applications_own_are_no_way_out_of_the_blobs(
    attachments: BlobAttachmentStore[RequestContext], blobs: MemoryBlobStore, context: RequestContext
) -> None:
    attachments.generate_attachment_id = lambda mime_type, context: "../a b"  # type: ignore[method-assign]
    received = await attachments.receive_direct(chunked(PNG), name="a.png", claimed="", context=context)
    assert received.id == "../a b"
    (folder,) = names(blobs)
    assert re.fullmatch("[0-9a-f]{64}", folder)
    assert await attachments.read(received, context) == PNG


def test_it_tells_where_its_links_lead() -> None:
    def origins(base_url: str = "", links: S3Links | None = None) -> list[str]:
        store = BlobAttachmentStore(
            MemoryBlobStore(), MemoryStore(), Signer(["k" * 32]), base_url=base_url, links=links
        )
        return store.link_origins

    bucket = S3Links(place_of("s3://files/a"), PlaceAccess(region="eu-north-1", secret_key="s"))
    assert origins() == []
    assert origins(BASE, bucket) == ["https://chat.example", "https://files.s3.eu-north-1.amazonaws.com"]
