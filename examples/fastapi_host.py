"""A FastAPI application that has users already: its own session says who chats.

    SESSION_SECRET=change-this uvicorn examples.fastapi_host:app

Sign in with `POST /login` and {"name": "alice", "password": "wonderland"}. The chat lives under /chat,
and each user sees their own conversations there, and nobody else's.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Request
from starlette.middleware.sessions import SessionMiddleware

from chatkit_asgi import RequestContext, Settings, create_app

PASSWORDS = {"alice": "wonderland", "bob": "builder"}  # yours are hashed, and elsewhere


async def authenticate(request: Request) -> RequestContext | None:
    """Who the host's session says it is; without one the chat answers 401."""
    user = request.session.get("user")
    return RequestContext(user_id=user) if user else None


chat = create_app(Settings(), authenticate=authenticate)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with chat.router.lifespan_context(chat):
        yield


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_SECRET"], same_site="lax")
app.mount("/chat", chat)


@app.post("/login")
async def login(
    request: Request, name: Annotated[str, Body()], password: Annotated[str, Body()]
) -> dict[str, str]:
    if PASSWORDS.get(name) != password:
        raise HTTPException(401, "Name or password are wrong.")
    request.session["user"] = name
    return {"user": name}
