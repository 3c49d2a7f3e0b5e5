"""Links to an S3 API that carry their own permission: Signature Version 4 in the query.

The object store client signs method, address and time only; here the type and the length of an upload and the
headers of a download's answer are signed, too. Facts: "Authenticating Requests: Using Query Parameters (AWS
Signature Version 4)" in the Amazon S3 API reference.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

from chatkit_asgi.attachments.blobs import UploadLink
from chatkit_asgi.attachments.places import Place, PlaceAccess
from chatkit_asgi.clock import utcnow

__all__ = ["S3Links", "presign"]

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST = 7 * 24 * 3600
"""Seconds: S3 takes no link that lives longer."""


class S3Links:
    """The `BlobLinks` of a prefix in a bucket. Needs a pair of keys, which `access` has."""

    def __init__(self, place: Place, access: PlaceAccess, *, now: Callable[[], datetime] = utcnow) -> None:
        self._access = access
        self._base = _address(place, access)
        self._now = now

    def upload(self, key: str, *, mime_type: str, size: int, seconds: float) -> UploadLink:
        headers = {"content-type": mime_type, "content-length": str(size)}
        # browsers know the length themselves, and let no script set it
        return UploadLink(self._signed("PUT", key, seconds, headers=headers), {"Content-Type": mime_type})

    def download(self, key: str, *, mime_type: str, disposition: str, seconds: float) -> str:
        query = {
            "response-cache-control": "private",
            "response-content-disposition": disposition,
            "response-content-type": mime_type,
        }
        return self._signed("GET", key, seconds, query=query)

    def _signed(
        self,
        method: str,
        key: str,
        seconds: float,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        url = f"{self._base}/{quote(key, safe='/-_.~')}"
        expires = max(1, min(int(seconds), LONGEST))
        return presign(
            method,
            url,
            self._access,
            now=self._now(),
            expires=expires,
            headers=headers or {},
            query=query or {},
        )


def presign(
    method: str,
    url: str,
    access: PlaceAccess,
    *,
    now: datetime,
    expires: int,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> str:
    """`url` with a signature of it, of `headers` (their names in lower case) and of `query`."""
    parts = urlsplit(url)
    signed = {"host": parts.netloc, **headers}
    names = ";".join(sorted(signed))
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{access.region or 'us-east-1'}/s3/aws4_request"
    fields = {
        **query,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": names,
    }
    if access.session_token:
        fields["X-Amz-Security-Token"] = access.session_token
    canonical_query = "&".join(
        sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in fields.items())
    )
    canonical = "\n".join(
        [
            method,
            parts.path,
            canonical_query,
            *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
            "",
            names,
            "UNSIGNED-PAYLOAD",
        ]
    )
    signature = _signature(canonical, stamp, scope, access.secret_key)
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{canonical_query}&X-Amz-Signature={signature}"


def _signature(canonical: str, stamp: str, scope: str, secret_key: str) -> str:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.digest(key, "\n".join([ALGORITHM, stamp, scope, digest]).encode(), "sha256").hex()


def _address(place: Place, access: PlaceAccess) -> str:
    """The prefix' URL as clients write it, without a slash at its end."""
    endpoint = access.public_endpoint or access.endpoint
    region = access.region or "us-east-1"
    parts = urlsplit(endpoint.rstrip("/") or f"https://s3.{region}.amazonaws.com")
    if access.has_path_style:
        base = f"{parts.scheme}://{parts.netloc}{parts.path}/{place.bucket}"
    else:
        base = f"{parts.scheme}://{place.bucket}.{parts.netloc}{parts.path}"
    return f"{base}/{quote(place.prefix, safe='/-_.~')}".rstrip("/")
