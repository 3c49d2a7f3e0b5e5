"""Files and images that users attach to messages: their metadata, and how their bytes are sent up."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AnyUrl,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)

from chatkit_asgi.types.base import ON_FIRST_USE, ProtocolModel

__all__ = [
    "ATTACHMENT_ADAPTER",
    "Attachment",
    "AttachmentBase",
    "AttachmentCreateParams",
    "AttachmentUploadDescriptor",
    "FileAttachment",
    "ImageAttachment",
]


class AttachmentCreateParams(ProtocolModel):
    """What a client says about a file before it sends it."""

    name: str
    size: int
    mime_type: str


class AttachmentUploadDescriptor(ProtocolModel):
    """Where a client sends the bytes, and how."""

    url: AnyUrl
    method: Literal["POST", "PUT"]
    headers: dict[str, str] = Field(default_factory=dict)


class AttachmentBase(ProtocolModel):
    """What all attachments have. `metadata` is the server's own and never reaches a client."""

    id: str
    name: str
    mime_type: str
    upload_descriptor: AttachmentUploadDescriptor | None = None
    upload_url: AnyUrl | None = None
    thread_id: str | None = None
    metadata: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _describe_upload(self) -> Self:
        """Older clients know `upload_url` only, newer ones the descriptor: giving the URL gives both."""
        if self.upload_url is not None and self.upload_descriptor is None:
            self.upload_descriptor = AttachmentUploadDescriptor(url=self.upload_url, method="POST")
        return self

    @model_serializer(mode="wrap")
    def _serialize(self, next_: SerializerFunctionWrapHandler, info: SerializationInfo):  # type: ignore[no-untyped-def]  # a return type would replace the JSON schema
        """Without `metadata` when the dump's context says ``{"exclude_metadata": True}``."""
        form = next_(self)
        if form.get("upload_url", ...) is None:
            del form["upload_url"]
        if isinstance(info.context, dict) and info.context.get("exclude_metadata"):
            form.pop("metadata", None)
        return form


class FileAttachment(AttachmentBase):
    """A file of any kind."""

    type: Literal["file"] = "file"


class ImageAttachment(AttachmentBase):
    """An image, which clients show from its preview URL."""

    type: Literal["image"] = "image"
    preview_url: AnyUrl


Attachment = Annotated[FileAttachment | ImageAttachment, Field(discriminator="type")]
"""Any attachment, told by its type."""

ATTACHMENT_ADAPTER: TypeAdapter[Attachment] = TypeAdapter(Attachment, config=ON_FIRST_USE)
"""Reads an attachment and writes one."""
