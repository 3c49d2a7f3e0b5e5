"""Links to an S3 API: by the vector that Amazon publishes, and against a server that checks them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from chatkit_asgi.attachments import MemoryBlobStore, PlaceAccess
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.attachments.places import place_of
from chatkit_asgi.attachments.presigning import S3Links, presign
from chatkit_asgi.clock import utcnow
from tests.attachments.samples import chunked
from tests.s3 import Bucket

KEY = "atc_1/incoming"
DATA = b"x" * 10


@pytest.fixture
def links(bucket: Bucket) -> S3Links:
    return S3Links(place_of(bucket.url), bucket.access)


def test_signature_is_that_of_amazons_example() -> None:
    access = PlaceAccess(
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
    )
    url = presign(
        "GET",
        "https://examplebucket.s3.amazonaws.com/test.txt",
        access,
        now=datetime(2013, 5, 24, tzinfo=UTC),
        expires=86400,
        headers={},
        query={},
    )
    expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert url.endswith(f"&X-Amz-Signature={expected}")


@pytest.mark.parametrize(
    ("access", "address"),
    [
        (PlaceAccess(region="eu-north-1"), "https://files.s3.eu-north-1.amazonaws.com/a%20b/k?"),
        (PlaceAccess(endpoint="http://minio:9000/"), "http://minio:9000/files/a%20b/k?"),
        (PlaceAccess(endpoint="https://s3.example", path_style=False), "https://files.s3.example/a%20b/k?"),
        (
            PlaceAccess(endpoint="http://minio:9000", public_endpoint="https://s3.example"),
            "https://s3.example/files/a%20b/k?",
        ),
    ],
)
def test_link_names_the_place_as_clients_do(access: PlaceAccess, address: str) -> None:
    links = S3Links(place_of("s3://files/a b/"), access)
    assert links.upload("k", mime_type="text/plain", size=1, seconds=60).url.startswith(address)


def test_token_of_limited_keys_is_part_of_the_link() -> None:
    links = S3Links(place_of("s3://files"), PlaceAccess(session_token="to/ken"))
    assert "X-Amz-Security-Token=to%2Fken" in links.download("k", mime_type="a/b", disposition="c", seconds=1)


def test_links_live_no_longer_than_the_store_allows() -> None:
    links = S3Links(place_of("s3://files"), PlaceAccess())
    assert "X-Amz-Expires=604800&" in links.download("k", mime_type="a/b", disposition="c", seconds=10**9)


@pytest.mark.parametrize(
    ("url", "keys"), [("s3://files", False), ("gs://files", True), ("az://files", True), ("file:///x", True)]
)
def test_links_are_made_only_where_they_can_say_what_is_served(url: str, keys: bool) -> None:
    access = PlaceAccess(access_key="a", secret_key="b") if keys else PlaceAccess()
    assert ObjectBlobStore(url, access).links is None


def test_memory_has_no_links() -> None:
    assert getattr(MemoryBlobStore(), "links", None) is None


async def test_upload_takes_just_what_was_announced(links: S3Links, bucket: Bucket) -> None:
    link = links.upload(KEY, mime_type="image/png", size=len(DATA), seconds=60)
    async with httpx.AsyncClient(trust_env=False) as client:
        refused = [
            await client.put(link.url, content=DATA + b"x", headers=link.headers),
            await client.put(link.url, content=DATA[:-1], headers=link.headers),
            await client.put(link.url, content=DATA, headers={"Content-Type": "text/html"}),
            await client.put(link.url, content=chunked(DATA), headers=link.headers),
            await client.put(link.url.replace(KEY, "atc_2/incoming"), content=DATA, headers=link.headers),
            await client.put(link.url[:-4] + "0000", content=DATA, headers=link.headers),
            await client.get(link.url),
            await client.delete(link.url),
        ]
        assert [response.status_code for response in refused] == [403] * len(refused)
        assert bucket.names() == []
        assert (await client.put(link.url, content=DATA, headers=link.headers)).status_code == 200
    assert await bucket.blobs().size(KEY) == len(DATA)


async def test_download_comes_with_the_headers_that_were_signed(links: S3Links, bucket: Bucket) -> None:
    await bucket.blobs().put(KEY, chunked(DATA))
    disposition = "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"
    url = links.download(KEY, mime_type="text/plain", disposition=disposition, seconds=60)
    async with httpx.AsyncClient(trust_env=False) as client:
        found = await client.get(url)
        part = await client.get(url, headers={"range": "bytes=2-4"})
        altered = await client.get(url.replace("text%2Fplain", "text%2Fhtml"))
        foreign = await client.get(url.replace(KEY, "atc_2/incoming"))
    assert (found.status_code, found.content) == (200, DATA)
    assert found.headers["content-type"].partition(";")[0] == "text/plain"
    assert found.headers["content-disposition"] == disposition
    assert (part.status_code, part.content) == (206, DATA[2:5])
    assert (altered.status_code, foreign.status_code) == (403, 403)


async def test_expired_links_and_those_of_other_keys_are_refused(bucket: Bucket) -> None:
    await bucket.blobs().put(KEY, chunked(DATA))
    place = place_of(bucket.url)
    old = S3Links(place, bucket.access, now=lambda: utcnow() - timedelta(seconds=61))
    foreign = S3Links(place, replace(bucket.access, secret_key="other"))
    async with httpx.AsyncClient(trust_env=False) as client:
        for links in (old, foreign):
            url = links.download(KEY, mime_type="text/plain", disposition="inline", seconds=60)
            up = links.upload(KEY, mime_type="text/plain", size=len(DATA), seconds=60)
            assert (await client.get(url)).status_code == 403
            assert (await client.put(up.url, content=DATA, headers=up.headers)).status_code == 403
