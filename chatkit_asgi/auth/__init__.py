"""Who is calling: functions from a request to a `RequestContext`, one file for each kind of proof."""

from chatkit_asgi.auth.caller import Authenticate, bearer_of, locale_of, peer_of, refusal
from chatkit_asgi.auth.choice import choose, open_sessions
from chatkit_asgi.auth.cookies import anonymous_cookie
from chatkit_asgi.auth.jwts import web_token
from chatkit_asgi.auth.keys import PublicKeys
from chatkit_asgi.auth.local import everybody, local_only
from chatkit_asgi.auth.pages import OwnPages
from chatkit_asgi.auth.proxies import proxy_header
from chatkit_asgi.auth.sessions import Sessions
from chatkit_asgi.auth.tokens import bearer_token, is_known_key

__all__ = [
    "Authenticate",
    "OwnPages",
    "PublicKeys",
    "Sessions",
    "anonymous_cookie",
    "bearer_of",
    "bearer_token",
    "choose",
    "everybody",
    "is_known_key",
    "local_only",
    "locale_of",
    "open_sessions",
    "peer_of",
    "proxy_header",
    "refusal",
    "web_token",
]
