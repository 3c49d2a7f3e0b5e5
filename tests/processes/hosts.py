"""Applications that have the app under a path, and a server that is in no hurry."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from chatkit_asgi import create_app

__all__ = ["careful", "careless"]


def careful() -> Starlette:
    """Hands its lifespan on."""
    chat = create_app()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with chat.router.lifespan_context(chat):
            yield

    return Starlette(routes=[Mount("/chat", chat)], lifespan=lifespan)


def careless() -> Starlette:
    """Runs no lifespan of what it mounts."""
    return Starlette(routes=[Mount("/chat", create_app())])


class PatientServer(uvicorn.Server):
    """Goes on to take requests after SIGTERM, until SIGUSR1: as behind a balancer that is to notice first."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


if __name__ == "__main__":
    config = uvicorn.Config("chatkit_asgi:app", fd=int(sys.argv[1]), access_log=False, log_level="warning")
    PatientServer(config).run()
