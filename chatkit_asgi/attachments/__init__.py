"""The bytes of attachments: where they lie, how they come in, and the links that lead to them."""

from chatkit_asgi.attachments.blobs import BlobLinks, BlobStore, MemoryBlobStore, UploadLink
from chatkit_asgi.attachments.intake import UploadLimits, clean_name
from chatkit_asgi.attachments.places import PlaceAccess
from chatkit_asgi.attachments.signing import Signer
from chatkit_asgi.attachments.sniffing import SAFE_IMAGES, settle_type, sniff
from chatkit_asgi.attachments.store import BlobAttachmentStore, Download, is_ready, request_base_url

__all__ = [
    "SAFE_IMAGES",
    "BlobAttachmentStore",
    "BlobLinks",
    "BlobStore",
    "Download",
    "MemoryBlobStore",
    "PlaceAccess",
    "Signer",
    "UploadLimits",
    "UploadLink",
    "clean_name",
    "is_ready",
    "request_base_url",
    "settle_type",
    "sniff",
]
