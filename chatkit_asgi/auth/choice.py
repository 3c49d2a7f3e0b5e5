"""The proof of identity that the settings ask for."""

import logging

from chatkit_asgi.auth.caller import Authenticate
from chatkit_asgi.auth.cookies import anonymous_cookie
from chatkit_asgi.auth.jwts import WebTokenRules, web_token
from chatkit_asgi.auth.keys import PublicKeys
from chatkit_asgi.auth.local import everybody, local_only
from chatkit_asgi.auth.pages import OwnPages
from chatkit_asgi.auth.proxies import proxy_header
from chatkit_asgi.auth.sessions import Sessions
from chatkit_asgi.auth.tokens import bearer_token
from chatkit_asgi.settings import Settings

__all__ = ["choose", "open_sessions"]

logger = logging.getLogger(__name__)


def choose(settings: Settings, own: Authenticate | None = None) -> Authenticate:
    """What `CHATKIT_AUTH` names, or the application's `own`; beside it the sessions, where there are keys.

    What browsers send by themselves counts from pages that may call, and from no others.
    """
    pages = OwnPages(settings.cors_origins, settings.public_url)
    authenticate = pages.only(own, with_cookies=True) if own else _by_name(settings, pages)
    sessions = open_sessions(settings)
    return sessions.beside(authenticate) if sessions else authenticate


def open_sessions(settings: Settings) -> Sessions | None:
    """Those of `POST /session`; None where there is no key to ask for one."""
    return Sessions(settings.signing_keys()) if settings.session_key_list() else None


def _by_name(settings: Settings, pages: OwnPages) -> Authenticate:
    match settings.auth:
        case "none":
            return _nobody_in_particular(settings)
        case "anonymous":
            cookie = anonymous_cookie(
                settings.signing_keys(), public_url=settings.public_url, same_site=settings.cookie_same_site
            )
            return pages.only(cookie)
        case "token":
            return bearer_token(settings.tokens())
        case "jwt":
            return _web_token(settings)
        case "header":
            trusted = settings.trusted_proxies
            return pages.only(
                proxy_header(settings.auth_header, trusted, tenant_header=settings.auth_tenant_header)
            )


def _nobody_in_particular(settings: Settings) -> Authenticate:
    if not settings.allow_unauthenticated:
        return local_only(pages=settings.cors_origins, public_url=settings.public_url)
    logger.warning("CHATKIT_ALLOW_UNAUTHENTICATED=1: whoever reaches this server sees everything in it")
    return everybody


def _web_token(settings: Settings) -> Authenticate:
    rules = WebTokenRules(
        issuers=[issuer for issuer in settings.jwt_issuer if issuer != "*"],
        audiences=[audience for audience in settings.jwt_audience if audience != "*"],
        leeway=settings.jwt_leeway,
        user_claim=settings.jwt_user_claim,
        tenant_claim=settings.jwt_tenant_claim,
    )
    if settings.jwt_jwks_url:
        return web_token(rules, keys=PublicKeys(settings.jwt_jwks_url))
    return web_token(rules, secrets=settings.jwt_secrets())
