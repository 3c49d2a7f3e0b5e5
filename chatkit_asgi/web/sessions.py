"""`POST /session`: a server of the operator's asks for a token of limited life, for one of its pages."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi.auth import Sessions, is_known_key, refusal
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.web.bodies import read_body
from chatkit_asgi.web.middleware import note

__all__ = ["session_routes"]

IDLE_SECONDS = 10
MOST_BYTES = 16 << 10
WANTED = "This is for servers: send the header Authorization: Bearer KEY, with a key of CHATKIT_SESSION_KEY."
FOR_SERVERS = "This is for servers: a page that knew the key could be anybody."


class _Life(BaseModel):
    seconds: int = Field(gt=0)


class _Wanted(BaseModel):
    """Fields that other makers of client secrets know, and no more, are passed over."""

    user: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
    tenant: str = Field(default="", max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
    expires_after: _Life | None = None
    claims: dict[str, Any] = Field(default_factory=dict)  # Any: JSON


def session_routes(sessions: Sessions, keys: Sequence[str], *, longest: int) -> list[Route]:
    """The one route; `keys` are those that servers send, `longest` is the longest life in seconds."""

    async def mint(request: Request) -> Response:
        note(request, operation="session.create")
        if "origin" in request.headers:
            raise HTTPException(403, FOR_SERVERS)
        if not is_known_key(request, keys):
            raise refusal(WANTED)
        wanted = _parse(await read_body(request, MOST_BYTES, idle_seconds=IDLE_SECONDS))
        note(request, user=wanted.user)
        seconds = wanted.expires_after.seconds if wanted.expires_after else longest
        if seconds > longest:
            raise InvalidRequestError(
                f"A session lives for {longest} seconds at most.", param="expires_after.seconds"
            )
        secret, expires = sessions.mint(wanted.user, seconds, tenant=wanted.tenant, claims=wanted.claims)
        return JSONResponse({"client_secret": secret, "expires_at": expires})

    return [Route("/session", mint, methods=["POST"])]


def _parse(body: bytes) -> _Wanted:
    try:
        return _Wanted.model_validate_json(body)
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        param = ".".join(str(part) for part in fault["loc"]) or None
        where = f"{param}: " if param else ""
        raise InvalidRequestError(f"The request is not valid. {where}{fault['msg']}", param=param) from exc
