"""`BlobSweeper`: in every process, deletes uploads that were never sent and bytes whose rows are gone."""

import asyncio
import logging
from datetime import timedelta

import anyio

from chatkit_asgi.attachments.blobs import BlobStore
from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store import BlobDeletion, Outbox

__all__ = ["BlobSweeper"]

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
UNSENT_SWEEP_SECONDS = 300.0
AT_ONCE = 100
GRACE_SECONDS = 60.0


class BlobSweeper:
    """Carries out what an outbox holds. Any number of them may work at once, and die in the middle.

    A link to upload by may outlive its attachment, and an upload may be under way: so what is deleted is
    deleted once more when no link can be good any longer.
    """

    def __init__(
        self, outbox: Outbox, blobs: BlobStore, *, link_seconds: float, unsent_seconds: float = 24 * 3600
    ) -> None:
        self._outbox = outbox
        self._blobs = blobs
        self._last_write = timedelta(seconds=link_seconds + GRACE_SECONDS)
        self._unsent = timedelta(seconds=unsent_seconds)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sweep in a task of its own until `aclose`."""
        self._stopping.clear()
        self._task = asyncio.create_task(self.run())

    async def aclose(self) -> None:
        """Stop when what is being deleted is deleted."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def run(self) -> None:
        """Sweep until `aclose`."""
        now, next_unsent = asyncio.get_running_loop().time, 0.0
        while not self._stopping.is_set():
            try:
                if now() >= next_unsent:
                    await self.drop_unsent()
                    next_unsent = now() + min(UNSENT_SWEEP_SECONDS, self._unsent.total_seconds())
                await self.sweep()
            except BackendError as error:
                logger.warning("files are not swept: %s", error)
            except Exception:
                logger.exception("the sweeper of files failed")
            with anyio.move_on_after(SWEEP_SECONDS):
                await self._stopping.wait()

    async def drop_unsent(self) -> None:
        """Delete the attachments that were never sent."""
        while dropped := await self._outbox.drop_unsent(utcnow() - self._unsent, AT_ONCE):
            logger.info("%d uploads were never sent, and are deleted", dropped)

    async def sweep(self) -> None:
        """Delete all bytes that are due. Raises BackendError; what is left is due again in a minute."""
        while due := await self._outbox.take(AT_ONCE):
            for deletion in due:
                if self._stopping.is_set():
                    return
                await self._delete(deletion)

    async def _delete(self, deletion: BlobDeletion) -> None:
        await self._blobs.delete_folder(deletion.blob)
        last = deletion.created_at + self._last_write
        await self._outbox.done(deletion.blob, again_at=last if utcnow() < last else None)
