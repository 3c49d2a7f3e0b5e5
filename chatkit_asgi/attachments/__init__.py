"""The bytes of attachments: where they lie, how they come in, and the links that lead to them."""

from chatkit_asgi.attachments.blobs import BlobLinks, BlobStore, MemoryBlobStore, UploadLink
from chatkit_asgi.attachments.documents import MAX_DOCUMENT_BYTES, can_read_documents, document_text
from chatkit_asgi.attachments.downloads import Download
from chatkit_asgi.attachments.images import MAX_IMAGE_BYTES, can_scale_images, image_for_models, thumbnail
from chatkit_asgi.attachments.intake import UploadLimits
from chatkit_asgi.attachments.names import clean_name, disposition
from chatkit_asgi.attachments.places import PlaceAccess
from chatkit_asgi.attachments.quotas import Quota
from chatkit_asgi.attachments.reading import read_up_to
from chatkit_asgi.attachments.rows import is_ready
from chatkit_asgi.attachments.signing import Signer
from chatkit_asgi.attachments.sniffing import SAFE_IMAGES, settle_type, sniff
from chatkit_asgi.attachments.store import (
    BlobAttachmentStore,
    OnUpload,
    Upload,
    request_base_url,
)
from chatkit_asgi.attachments.sweeper import BlobSweeper

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "MAX_IMAGE_BYTES",
    "SAFE_IMAGES",
    "BlobAttachmentStore",
    "BlobLinks",
    "BlobStore",
    "BlobSweeper",
    "Download",
    "MemoryBlobStore",
    "OnUpload",
    "PlaceAccess",
    "Quota",
    "Signer",
    "Upload",
    "UploadLimits",
    "UploadLink",
    "can_read_documents",
    "can_scale_images",
    "clean_name",
    "disposition",
    "document_text",
    "image_for_models",
    "is_ready",
    "read_up_to",
    "request_base_url",
    "settle_type",
    "sniff",
    "thumbnail",
]
