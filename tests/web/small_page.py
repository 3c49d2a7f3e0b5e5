"""`uvicorn tests.web.small_page:app`: the app with its small page, whether or not the other one is built."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from chatkit_asgi import create_app
from chatkit_asgi.web.playground import page_routes


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with chat.router.lifespan_context(chat):
        yield


chat = create_app()
app = Starlette(routes=[*page_routes(built=None), Mount("/", chat)], lifespan=lifespan)
