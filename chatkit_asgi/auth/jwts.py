"""JSON Web Tokens (RFC 7519, and RFC 8725 on how they are attacked) of somebody else's, as bearer tokens."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK
from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate, bearer_of, context_of, is_name, refusal
from chatkit_asgi.auth.keys import PublicKeys
from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import user_text

__all__ = ["WebTokenRules", "web_token"]

logger = logging.getLogger(__name__)

WANTED = user_text("This server wants a token: send the header Authorization: Bearer TOKEN.")
EXPIRED = user_text("Your token has expired: get a new one.")
INVALID = user_text("This token is not valid here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTokenRules:
    """What a token has to say. Empty lists: anything or nothing."""

    issuers: Sequence[str] = ()
    audiences: Sequence[str] = ()
    leeway: float = 0
    """Seconds by which clocks may differ."""
    user_claim: str = "sub"
    tenant_claim: str = ""


def web_token(
    rules: WebTokenRules, *, secrets: Sequence[str] = (), keys: PublicKeys | None = None
) -> Authenticate:
    """Wants a bearer token signed with one of the `secrets` (HS256) or by one of the issuer's public `keys`.

    Which algorithm a key is for is settled before a token is read. Where keys are told to lie by the token
    itself (``jku``, ``x5u``, ``jwk``) is not looked at. Tokens without an end are refused.
    """

    async def authenticate(request: Request) -> RequestContext:
        token = bearer_of(request)
        if not token:
            raise refusal(WANTED)
        try:
            claims = await _claims(token, rules, secrets, keys)
        except jwt.ExpiredSignatureError:
            raise refusal(EXPIRED, error="invalid_token") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as exc:
            logger.info("a token was refused: %s", type(exc).__name__)
            raise refusal(INVALID, error="invalid_token") from None
        return _context(request, claims, rules)

    return authenticate


async def _claims(
    token: str, rules: WebTokenRules, secrets: Sequence[str], keys: PublicKeys | None
) -> dict[str, Any]:
    """The claims of a token whose signature and rules hold. Raises what PyJWT raises."""
    if keys is None:
        return _decode_with_any(token, secrets, rules)
    name = jwt.get_unverified_header(token).get("kid")
    key = await keys.find(name)
    if key is None:
        raise jwt.InvalidKeyError("no such key")
    return _decode(token, key, key.algorithm_name, rules)


def _decode_with_any(token: str, secrets: Sequence[str], rules: WebTokenRules) -> dict[str, Any]:
    for secret in secrets[:-1]:
        try:
            return _decode(token, secret, "HS256", rules)
        except jwt.InvalidSignatureError:
            continue
    return _decode(token, secrets[-1], "HS256", rules)


def _decode(token: str, key: PyJWK | str, algorithm: str, rules: WebTokenRules) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=list(rules.audiences) or None,
        issuer=list(rules.issuers) or None,
        leeway=rules.leeway,
        options={"require": ["exp"], "verify_aud": bool(rules.audiences)},
    )


def _context(request: Request, claims: Mapping[str, Any], rules: WebTokenRules) -> RequestContext:
    """Raises HTTPException when the token does not say whose it is."""
    user = _name(claims, rules.user_claim)
    tenant = _name(claims, rules.tenant_claim) if rules.tenant_claim else ""
    return context_of(request, user, tenant=tenant, claims=claims)


def _name(claims: Mapping[str, Any], claim: str) -> str:
    value = claims.get(claim)
    name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not is_name(name):
        raise refusal(
            user_text("This token does not say whose it is: it has no {claim}.", claim=claim),
            error="invalid_token",
        )
    return str(name)
