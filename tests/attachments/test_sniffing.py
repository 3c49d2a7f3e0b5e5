import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit_asgi.attachments import settle_type
from chatkit_asgi.attachments.sniffing import image_size
from tests.attachments.samples import AVIF, GIF, HTML, JPEG, PDF, PNG, SVG, WEBP, ZIP

OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("head", "name", "claimed", "settled"),
    [
        (PNG, "a.png", "image/png", "image/png"),
        (JPEG, "a.jpg", "image/jpeg", "image/jpeg"),
        (GIF, "a.gif", "image/gif", "image/gif"),
        (WEBP, "a.webp", "image/webp", "image/webp"),
        (AVIF, "a.avif", "image/avif", "image/avif"),
        (PNG, "photo", "", "image/png"),
        (PNG, "photo.png", OCTETS, "image/png"),
        (WEBP, "saved.jpg", "image/jpeg", "image/webp"),
        (PNG, "a.png", "Image/PNG; charset=binary", "image/png"),
        (HTML, "a.png", "image/png", OCTETS),
        (SVG, "a.svg", "image/svg+xml", OCTETS),
        (PDF, "a.png", "image/png", "application/pdf"),
        (b"", "a.png", "image/png", OCTETS),
        (GIF, "page.html", "image/gif", OCTETS),
        (GIF, "page.html", "", "text/html"),
        (PNG, "a.pdf", "application/pdf", OCTETS),
        (HTML, "a.pdf", "application/pdf", OCTETS),
        (PNG[:12] + bytes(100), "a.png", "image/png", OCTETS),
        (JPEG[:20] + bytes(100), "a.jpg", "image/jpeg", OCTETS),
        (b"hello", "notes.txt", "text/plain\r\nx: y", "text/plain"),
        (b"hello", "notes", "nonsense", OCTETS),
        (PDF, "a.pdf", "application/pdf", "application/pdf"),
        (PDF, "scan", "", "application/pdf"),
        (ZIP, "a.zip", "application/zip", "application/zip"),
        (b"BMW is a car", "notes.txt", "text/plain", "text/plain"),
        (b"hello", "notes.txt", "", "text/plain"),
        (b"hello", "notes", "", OCTETS),
        (HTML, "a.html", "text/html", "text/html"),
    ],
)
def test_type_is_an_image_only_if_bytes_claim_and_name_agree(
    head: bytes, name: str, claimed: str, settled: str
) -> None:
    assert settle_type(head, name=name, claimed=claimed) == settled


@pytest.mark.parametrize("image", [PNG, JPEG, GIF, WEBP, AVIF], ids=["png", "jpeg", "gif", "webp", "avif"])
def test_size_of_an_image_is_read_from_its_header(image: bytes) -> None:
    assert image_size(image) == (3, 2)


@given(st.sampled_from([PNG, JPEG, GIF, WEBP, AVIF]), st.data())
def test_broken_images_break_nothing(image: bytes, data: st.DataObject) -> None:
    broken = bytearray(image)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    found = image_size(bytes(broken[: data.draw(st.integers(0, len(broken)))]))
    assert found is None or min(found) > 0
