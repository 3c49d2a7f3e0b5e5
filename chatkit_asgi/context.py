"""Who is asking: the context that the app hands to every hook and store call, and whose rows it may see."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

__all__ = ["OwnerOf", "RequestContext", "owner_of", "request_id"]

request_id: ContextVar[str] = ContextVar("chatkit_request_id", default="")
"""Of the request that is being answered, also in the task that goes on with its turn; for lines of a log."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The caller of one request. Applications may use a class of their own instead."""

    user_id: str
    """The caller's identifier; rows of different users never meet."""
    tenant: str = ""
    """Groups users of one customer; empty where there is only one."""
    locale: str = ""
    """The caller's language, a BCP 47 tag; empty: the app writes what the request's Accept-Language says."""
    request_id: str = ""
    """Names the request in logs and in error bodies."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """What the identity's proof said beyond its name, for example a token's claims."""

    @property
    def owner(self) -> str:
        """The value written into every row's owner column: no two pairs of tenant and user share one."""
        user = _escaped(self.user_id)
        return f"{_escaped(self.tenant)}/{user}" if self.tenant else user

    @classmethod
    def of_owner(cls, owner: str) -> "RequestContext":
        """A context whose `owner` is this."""
        tenant, _, user = owner.rpartition("/")
        return cls(user_id=unquote(user), tenant=unquote(tenant))


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")


OwnerOf = Callable[[Any], str]
"""Tells whose rows a context may see; `Any` because applications bring contexts of their own."""


def owner_of(context: object) -> str:
    """The owner that a context stands for.

    Understands `RequestContext`, any object with an attribute ``owner`` or ``user_id``, and mappings with
    the key ``user_id`` or ``userId``. Everything else is the one owner ``""``: a program of a single user.
    """
    if isinstance(context, Mapping):
        found = context.get("user_id") or context.get("userId")
    else:
        found = getattr(context, "owner", None) or getattr(context, "user_id", None)
    return "" if found is None else str(found)
