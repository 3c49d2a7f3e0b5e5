"""One store for both packages: JSON documents in lists, ids from a counter, nothing that awaits."""

from itertools import count
from typing import Any

from tests.parity.packages import Package

__all__ = ["Json", "make_attachment_store", "make_store"]

Json = dict[str, Any]
HIDDEN = ("hidden_context_item", "sdk_hidden_context")


def make_store(package: Package) -> Any:
    """An empty store of documents, which are the same JSON whichever package wrote them."""

    class DocumentStore(package.store.Store):  # type: ignore[misc, name-defined]  # either package's
        def __init__(self) -> None:
            self.numbers = count(1)
            self.note_numbers = count(1)  # there may be more notes with one of the packages
            self.threads: dict[str, Json] = {}
            self.items: dict[str, list[Json]] = {}
            self.attachments: dict[str, Json] = {}
            self.saved: list[str] = []  # what kinds of threads it was given
            self.feedback: list[Any] = []
            self.fails_to_write: set[str] = set()  # items
            self.leaves_out_hidden = False  # as if the thread held none

        def generate_thread_id(self, context: Any) -> str:
            return f"thr_{next(self.numbers)}"

        def generate_item_id(self, item_type: str, thread: Any, context: Any) -> str:
            assert isinstance(thread, package.types.ThreadMetadata)
            is_note = item_type == "sdk_hidden_context"
            return f"{item_type}_{next(self.note_numbers if is_note else self.numbers)}"

        async def load_thread(self, thread_id: str, context: Any) -> Any:
            return package.types.ThreadMetadata.model_validate(_found(self.threads.get(thread_id)))

        async def save_thread(self, thread: Any, context: Any) -> None:
            document = thread.model_dump(mode="json")
            document.pop("items", None)
            self.threads[thread.id] = document
            self.saved.append(type(thread).__name__)
            self.items.setdefault(thread.id, [])

        async def load_threads(self, limit: int, after: str | None, order: str, context: Any) -> Any:
            page = _page(list(self.threads.values()), limit, after, order)
            return _read_page(page, package.types.ThreadMetadata.model_validate)

        async def load_thread_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: Any
        ) -> Any:
            documents = _found(self.items.get(thread_id))
            if self.leaves_out_hidden:
                documents = [each for each in documents if each["type"] not in HIDDEN]
            return _read_page(_page(documents, limit, after, order), package.item_adapter.validate_python)

        async def add_thread_item(self, thread_id: str, item: Any, context: Any) -> None:
            self._put(thread_id, item)

        async def save_item(self, thread_id: str, item: Any, context: Any) -> None:
            self._put(thread_id, item)

        async def load_item(self, thread_id: str, item_id: str, context: Any) -> Any:
            documents = {each["id"]: each for each in _found(self.items.get(thread_id))}
            return package.item_adapter.validate_python(_found(documents.get(item_id)))

        async def delete_thread(self, thread_id: str, context: Any) -> None:
            self.threads.pop(thread_id, None)
            self.items.pop(thread_id, None)

        async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None:
            self.items[thread_id] = [each for each in self.items[thread_id] if each["id"] != item_id]

        async def save_attachment(self, attachment: Any, context: Any) -> None:
            self.attachments[attachment.id] = attachment.model_dump(mode="json")

        async def load_attachment(self, attachment_id: str, context: Any) -> Any:
            return package.attachment_adapter.validate_python(_found(self.attachments.get(attachment_id)))

        async def delete_attachment(self, attachment_id: str, context: Any) -> None:
            self.attachments.pop(attachment_id, None)

        async def save_feedback(self, *args: Any) -> None:
            self.feedback.append(args[:3])

        def _put(self, thread_id: str, item: Any) -> None:
            if item.id in self.fails_to_write:
                raise OSError("no space left")
            document = item.model_dump(mode="json")
            kept = _found(self.items.get(thread_id))
            places = [place for place, each in enumerate(kept) if each["id"] == item.id]
            kept[slice(places[0], places[0] + 1) if places else slice(len(kept), None)] = [document]

    def _found(value: Any) -> Any:
        if value is None:
            raise package.store.NotFoundError("not found")
        return value

    def _read_page(page: tuple[list[Json], str | None], read: Any) -> Any:
        documents, after = page
        return package.types.Page(
            data=[read(each) for each in documents], has_more=after is not None, after=after
        )

    return DocumentStore()


def _page(documents: list[Json], limit: int, after: str | None, order: str) -> tuple[list[Json], str | None]:
    """The documents of a page, and the cursor to the next one."""
    ordered = documents if order == "asc" else documents[::-1]
    ids = [each["id"] for each in ordered]
    start = ids.index(after) + 1 if after in ids else 0
    shown = ordered[start : start + limit]
    return shown, shown[-1]["id"] if shown and start + limit < len(ordered) else None


def make_attachment_store(package: Package) -> Any:
    """Registers uploads under counted ids and remembers what was deleted."""

    class Uploads(package.store.AttachmentStore):  # type: ignore[misc, name-defined]  # either package's
        def __init__(self) -> None:
            self.numbers = count(1)
            self.note_numbers = count(1)  # there may be more notes with one of the packages
            self.deleted: list[str] = []

        async def create_attachment(self, input: Any, context: Any) -> Any:
            kind, more = package.types.FileAttachment, {}
            if input.mime_type.startswith("image/"):
                kind, more = package.types.ImageAttachment, {"preview_url": "https://files.example/p"}
            target = package.types.AttachmentUploadDescriptor(url="https://files.example/up", method="PUT")
            return kind(
                id=f"atc_{next(self.numbers)}",
                name=input.name,
                mime_type=input.mime_type,
                upload_descriptor=target,
                metadata={"size": input.size, "nothing": None},
                **more,
            )

        async def delete_attachment(self, attachment_id: str, context: Any) -> None:
            self.deleted.append(attachment_id)

    return Uploads()
