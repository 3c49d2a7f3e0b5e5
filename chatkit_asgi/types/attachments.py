"""Files and images that users attach to messages: their metadata, and how their bytes are sent up."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AnyUrl,
    Field,
    GetCoreSchemaHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from chatkit_asgi.types.base import ProtocolModel

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


class Attachment(AttachmentBase):
    """Any attachment. As an annotation it stands for the union of the two kinds, told by their type.

    Called, it makes one of them: what has a preview is an image, unless `type` says otherwise.
    """

    type: Literal["file", "image"] = "file"

    if not TYPE_CHECKING:  # a checker would think that the arguments are those of `__new__` and no others

        def __new__(cls, **fields: Any) -> Self:
            """An object of the class that the fields are for; `__init__` follows on it."""
            return super().__new__(_kind_of(fields) if cls is Attachment else cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """For this class itself the union of the kinds, for each kind its own fields."""
        if cls is not Attachment:
            return handler(source)
        return handler.generate_schema(
            Annotated[FileAttachment | ImageAttachment, Field(discriminator="type")]
        )


class FileAttachment(Attachment):
    """A file of any kind."""

    type: Literal["file"] = "file"


class ImageAttachment(Attachment):
    """An image, which clients show from its preview URL."""

    type: Literal["image"] = "image"
    preview_url: AnyUrl


def _kind_of(fields: dict[str, Any]) -> type[FileAttachment | ImageAttachment]:
    kind = fields.get("type", "image" if fields.get("preview_url") else "file")
    return ImageAttachment if kind == "image" else FileAttachment


ATTACHMENT_ADAPTER: TypeAdapter[Attachment] = TypeAdapter(Attachment)
"""Reads an attachment and writes one."""
