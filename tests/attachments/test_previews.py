"""Previews: a client that draws 64 pixels is not sent a photo of 20 MB, nor told where it was taken."""

import pytest

from chatkit_asgi.attachments import (
    BlobAttachmentStore,
    BlobSweeper,
    Download,
    MemoryBlobStore,
    Signer,
    images,
)
from chatkit_asgi.attachments import store as attachment_store
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import Attachment, ImageAttachment
from tests.attachments.pictures import encoded, opened, photo, png_of_size
from tests.attachments.samples import PDF, chunked

Files = BlobAttachmentStore[RequestContext]

BASE = "https://chat.example"


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore()


@pytest.fixture
def files(blobs: MemoryBlobStore) -> Files:
    return BlobAttachmentStore(blobs, MemoryStore(), Signer(["key"]), base_url=BASE)


async def sent(files: Files, data: bytes, context: RequestContext, name: str = "a.jpg") -> Attachment:
    return await files.receive_direct(chunked(data), name=name, claimed="", context=context)


async def follow(files: Files, url: object) -> tuple[Download, bytes]:
    attachment_id, _, token = str(url).removeprefix(f"{BASE}/files/").partition("?token=")
    found = await files.find_download(attachment_id, token)
    data = b"".join([piece async for piece in await found.open(0, None)])
    assert len(data) == found.size
    return found, data


async def test_preview_is_small_upright_and_tells_nothing(files: Files, context: RequestContext) -> None:
    image = await sent(files, photo((3000, 1500)), context, "holiday.jpg")
    assert isinstance(image, ImageAttachment)
    found, data = await follow(files, image.preview_url)
    assert opened(data).size == (256, 512)
    assert b"SecretCam" not in data
    assert (found.name, found.served_type, found.is_inline) == ("holiday.webp", "image/webp", True)


async def test_download_is_the_file_itself(files: Files, context: RequestContext) -> None:
    image = await sent(files, photo((3000, 1500)), context)
    found, data = await follow(files, files.download_url(image))
    assert data == photo((3000, 1500))
    small, _ = await follow(files, files.preview_url(image))
    assert found.etag != small.etag


async def test_preview_is_made_once(
    files: Files, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = await sent(files, photo((3000, 1500)), context)
    first = await follow(files, files.preview_url(image))
    monkeypatch.delattr(attachment_store, "thumbnail")
    assert (await follow(files, files.preview_url(image)))[1] == first[1]


async def test_preview_is_deleted_with_its_image(
    files: Files, blobs: MemoryBlobStore, context: RequestContext
) -> None:
    image = await sent(files, photo(), context)
    await follow(files, files.preview_url(image))
    assert len(blobs._blobs) == 2
    await files.delete_attachment(image.id, context)
    await files.store.delete_attachment(image.id, context)
    if files.store.outbox is not None:
        await BlobSweeper(files.store.outbox, blobs, link_seconds=1).sweep()
    assert not blobs._blobs
    with pytest.raises(NotFoundError):
        await follow(files, files.preview_url(image))


@pytest.mark.parametrize(
    ("data", "name"),
    [(PDF, "a.pdf"), (png_of_size(9000, 9000), "a.png"), (encoded((90, 90))[:-40], "a.png")],
    ids=["no image", "too many pixels", "broken"],
)
async def test_what_has_no_small_copy_is_given_as_it_is(
    files: Files, context: RequestContext, data: bytes, name: str
) -> None:
    attachment = await sent(files, data, context, name)
    assert (await follow(files, files.preview_url(attachment)))[1] == data


async def test_without_pillow_previews_are_the_images_themselves(
    files: Files, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (images, attachment_store):
        monkeypatch.setattr(module, "can_scale_images", lambda: False)
    image = await sent(files, photo(), context)
    assert (await follow(files, files.preview_url(image)))[1] == photo()
