"""Item ids for what a model calls by ids of its own, which need not be unique."""

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.ids import StoreItemType

__all__ = ["ItemIds", "is_real_id"]

FAKE_IDS = ("", "__fake_id__")
"""What the Agents SDK writes where an API gives no id (Chat Completions gives none at all)."""


def is_real_id(provider_id: str | None) -> bool:
    """Whether a model's id can name anything."""
    return bool(provider_id) and provider_id not in FAKE_IDS


class ItemIds:
    """The ids of one run's items: the model's own where they are new to the thread, else fresh ones.

    The model's ids are told apart by the place in the response too, and begin anew with each item that is
    added: with Chat Completions every message of a run has the same id.
    """

    def __init__(self, context: AgentContext[object]) -> None:
        self._context = context
        self._mapped: dict[tuple[str, int], str] = {}
        self._taken: set[str] = set()

    async def begin(self, provider_id: str | None, output_index: int) -> str:
        """The id of an item that the model has just begun."""
        item_id = await self.unique(provider_id, "message")
        key = (provider_id or "", output_index)
        if item_id == provider_id:
            self._mapped.pop(key, None)
        else:
            self._mapped[key] = item_id
        return item_id

    def of(self, provider_id: str, output_index: int) -> str:
        """The id of an item that was begun earlier."""
        if not self._mapped:
            return provider_id
        return self._mapped.get((provider_id, output_index), provider_id)

    async def unique(self, provider_id: str | None, kind: StoreItemType) -> str:
        """The model's id, or a fresh one where it is none or the thread has it already."""
        if not provider_id or not is_real_id(provider_id) or await self._is_used(provider_id):
            return self._context.generate_id(kind)
        self._taken.add(provider_id)
        return provider_id

    async def _is_used(self, item_id: str) -> bool:
        if item_id in self._taken:
            return True
        context = self._context
        try:
            found = await context.store.load_item(context.thread.id, item_id, context.request_context)
        except NotFoundError:
            return False
        return found.id == item_id
