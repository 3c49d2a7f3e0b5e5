"""`Place`: where a URL says that blobs are kept, and how that is reached. Opens nothing."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from chatkit_asgi.errors import InvalidRequestError, NotSupportedError

__all__ = ["Place", "PlaceAccess", "place_of"]

KNOWN = "use a path, file:///directory, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAccess:
    """How an object store is reached, where its client does not find out from its own environment.

    Endpoints and keys are those of the S3 protocol.
    """

    endpoint: str = ""
    public_endpoint: str = ""
    """What clients call the endpoint, if that is something else."""
    path_style: bool | None = None
    """The bucket in the path and not in the host's name; None: wherever an endpoint is given."""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""

    @property
    def has_path_style(self) -> bool:
        return bool(self.endpoint) if self.path_style is None else self.path_style


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on local disk, or what a prefix in a bucket (of Azure: a container) holds."""

    scheme: str
    bucket: str = ""
    prefix: str = ""
    path: Path = Path()


def place_of(url: str | Path) -> Place:
    """What the URL names. Raises NotSupportedError for a scheme that is not known."""
    if isinstance(url, Path):
        return Place("file", path=url.absolute())
    parts = urlsplit(url)
    if "://" not in url and parts.scheme != "file":
        return Place("file", path=Path(url).absolute())
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Place("file", path=Path(url2pathname(parts.path)).absolute())
    if parts.scheme not in ("s3", "gs", "az"):
        raise NotSupportedError(f"Files cannot be kept at {parts.scheme}://: {KNOWN}.")
    if not parts.netloc or parts.query or "@" in parts.netloc:
        raise InvalidRequestError(f"{parts.scheme}://… names no bucket to keep files in: {KNOWN}.")
    return Place(parts.scheme, parts.netloc, parts.path.strip("/"))
