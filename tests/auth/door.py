"""An app that only says who is asking, and an issuer of JSON Web Tokens with its keys on a real server."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi import Settings, create_app
from chatkit_asgi.auth import Authenticate
from chatkit_asgi.context import RequestContext
from chatkit_asgi.web.errors import HANDLERS
from chatkit_asgi.web.middleware import RequestMiddleware
from tests.live import serving

__all__ = ["LIST", "Issuer", "Key", "app_of", "door", "issuing"]

LIST = {"type": "threads.list", "params": {}}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


async def _nothing() -> None:
    return None


def door(authenticate: Authenticate) -> RequestMiddleware:
    """Answers every request with whom `authenticate` takes its caller for."""

    async def tell(request: Request) -> Response:
        found: RequestContext = await authenticate(request)
        return JSONResponse(
            {
                "user": found.user_id,
                "tenant": found.tenant,
                "claims": dict(found.claims),
                "locale": found.locale,
            }
        )

    route = Route("/{path:path}", tell, methods=["GET", "POST"])
    return RequestMiddleware(Starlette(routes=[route], exception_handlers=dict(HANDLERS)), started=_nothing)


@asynccontextmanager
async def app_of(
    settings: Settings,
    *,
    authenticate: Authenticate | None = None,
    address: str = "127.0.0.1",
    **options: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole app, which calls from the address."""
    app = create_app(settings, authenticate=authenticate)
    transport = httpx.ASGITransport(app, client=(address, 1234))
    options = {"base_url": "https://chat.example", **options}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, **options) as http,
    ):
        yield http


class Key:
    """A key of an issuer, RSA unless something else is given."""

    def __init__(self, name: str, private: PrivateKey | None = None, algorithm: str = "RS256") -> None:
        self.name = name
        self.algorithm = algorithm
        self.private = private or rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self, **more: object) -> dict[str, Any]:
        """As a JWKS offers it."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        return {**algorithm.to_jwk(self.private.public_key(), as_dict=True), "kid": self.name, **more}

    def sign(self, headers: dict[str, Any] | None = None, **claims: object) -> str:
        """A token for alice, good for a minute, with the claims that are given; None: without that one."""
        now = int(time.time())
        all_claims = {
            "sub": "alice",
            "iss": "https://issuer.example",
            "aud": "chat",
            "exp": now + 60,
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in all_claims.items() if value is not None},
            self.private,
            algorithm=self.algorithm,
            headers={"kid": self.name, **(headers or {})},
        )


@dataclass
class Issuer:
    """What the server with the keys answers, and how often it was asked."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False
    moved_to: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if self.moved_to:
            return Response(status_code=302, headers={"location": self.moved_to})
        return Response(status_code=503) if self.is_away else JSONResponse({"keys": self.keys})


@asynccontextmanager
async def issuing(*keys: Key) -> AsyncIterator[Issuer]:
    """An issuer that offers the keys, on a loopback port."""
    issuer = Issuer(keys=[key.public() for key in keys])
    async with serving(Starlette(routes=[Route("/{path:path}", issuer.answer)])) as url:
        issuer.url = f"{url}/keys"
        yield issuer
