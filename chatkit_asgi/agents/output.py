"""ResponseStreamConverter: how parts of a model's answer become parts of a message. Override to change it."""

from collections.abc import Mapping
from typing import Any, get_args

from openai.types.responses import ResponseOutputRefusal, ResponseOutputText
from openai.types.responses.response_output_text import (
    Annotation as ModelAnnotation,
)
from openai.types.responses.response_output_text import (
    AnnotationContainerFileCitation,
    AnnotationFileCitation,
    AnnotationURLCitation,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

from chatkit_asgi.types import Annotation, AssistantMessageContent, FileSource, URLSource

__all__ = ["DEFAULT_RESPONSE_CONVERTER", "ResponseStreamConverter", "to_annotation", "to_content"]

_ANNOTATIONS: TypeAdapter[ModelAnnotation] = TypeAdapter(ModelAnnotation)
_ANNOTATION_CLASSES = get_args(get_args(ModelAnnotation)[0])


class ResponseStreamConverter:
    """Turns citations and images of the model into annotations and URLs. `None` drops an annotation."""

    partial_images: int | None
    """How many partial images were asked for; without it, the progress of an image stays 0."""

    def __init__(self, *, partial_images: int | None = None) -> None:
        self.partial_images = partial_images

    async def base64_image_to_url(
        self, image_id: str, base64_image: str, partial_image_index: int | None = None
    ) -> str:
        """The address of an image; `partial_image_index` is None for the final one. Default: a data URL."""
        return f"data:image/png;base64,{base64_image}"

    def partial_image_index_to_progress(self, partial_image_index: int) -> float:
        """How far an image is, from 0 to 1."""
        if not self.partial_images or self.partial_images <= 0:
            return 0.0
        return min(1.0, partial_image_index / self.partial_images)

    async def file_citation_to_annotation(self, file_citation: AnnotationFileCitation) -> Annotation | None:
        """A file that the model searched; one without a name is dropped."""
        return _file_annotation(file_citation.filename, file_citation.index)

    async def container_file_citation_to_annotation(
        self, container_file_citation: AnnotationContainerFileCitation
    ) -> Annotation | None:
        """A file that the model made or read in a container; one without a name is dropped."""
        return _file_annotation(container_file_citation.filename, container_file_citation.end_index)

    async def url_citation_to_annotation(self, url_citation: AnnotationURLCitation) -> Annotation | None:
        """A page that the model found."""
        return Annotation(
            source=URLSource(url=url_citation.url, title=url_citation.title), index=url_citation.end_index
        )


DEFAULT_RESPONSE_CONVERTER = ResponseStreamConverter()


def _file_annotation(filename: str | None, index: int) -> Annotation | None:
    if not filename:
        return None
    return Annotation(source=FileSource(filename=filename, title=filename), index=index)


async def to_annotation(raw: object, converter: ResponseStreamConverter) -> Annotation | None:
    """The annotation for what a model event carries: a dict, a model of any family, or null."""
    match _known_annotation(raw):
        case AnnotationFileCitation() as citation:
            return await converter.file_citation_to_annotation(file_citation=citation)
        case AnnotationContainerFileCitation() as citation:
            return await converter.container_file_citation_to_annotation(container_file_citation=citation)
        case AnnotationURLCitation() as citation:
            return await converter.url_citation_to_annotation(url_citation=citation)
        case _:
            return None


def _known_annotation(raw: object) -> object:
    """`raw` as one of the classes that converters know; `openai` parses streamed ones into others."""
    if isinstance(raw, _ANNOTATION_CLASSES):
        return raw
    fields: Any = raw.model_dump() if isinstance(raw, BaseModel) else raw  # of foreign classes
    if not isinstance(fields, Mapping):
        return None
    try:
        return _ANNOTATIONS.validate_python(fields)
    except ValidationError:
        return None


async def to_content(part: object, converter: ResponseStreamConverter) -> AssistantMessageContent | None:
    """A part of the answer: its text and annotations, or the text of a refusal; None for other parts."""
    if isinstance(part, ResponseOutputText):
        found = [await to_annotation(raw, converter) for raw in part.annotations or ()]
        return AssistantMessageContent(
            text=part.text, annotations=[each for each in found if each is not None]
        )
    if isinstance(part, ResponseOutputRefusal):
        return AssistantMessageContent(text=part.refusal, annotations=[])
    return None
