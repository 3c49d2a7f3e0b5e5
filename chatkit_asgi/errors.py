"""Every exception of the package.

::

    ChatKitError
    ├── NotFoundError                            404  thread, item or attachment
    ├── InvalidRequestError  (also ValueError)   400  not a request, the wrong kind of item
    ├── ConflictError        (also ValueError)   409  not pending, locked, busy
    │   ├── TurnRunningError(turn_id)                 an answer is still coming in that thread
    │   └── RepeatedRequestError                      a request of that key was accepted before
    ├── TooLargeError                            413  a body or an upload over its limit
    ├── TooManyError                             429  more at once than the operator allows
    ├── UnsupportedTypeError                     415  a body or an upload of a kind not taken here
    ├── NotSupportedError    (also RuntimeError) 501  nothing is configured for it
    ├── BackendError                             503  database or blobs are away; the cause is kept
    └── LeaseLostError                                another process has ended this turn: never answered
    BaseStreamError                              raised by respond(): an error event, never a status
    ├── StreamError(code)
    └── CustomStreamError(message)

Messages are fit for a user's eyes: they say what is wrong and what to do, never how we are built.
"""

from abc import ABC
from enum import Enum

from chatkit_asgi.locale import user_text

__all__ = [
    "DEFAULT_ALLOW_RETRY",
    "DEFAULT_STATUS",
    "BackendError",
    "BaseStreamError",
    "ChatKitError",
    "ConflictError",
    "CustomStreamError",
    "ErrorCode",
    "InvalidRequestError",
    "LeaseLostError",
    "NotFoundError",
    "NotSupportedError",
    "RepeatedRequestError",
    "StreamError",
    "TooLargeError",
    "TooManyError",
    "TurnRunningError",
    "UnsupportedTypeError",
]


class ChatKitError(Exception):
    """Base of the errors that are answered with an HTTP status, before anything was streamed."""


class NotFoundError(ChatKitError):
    """The thread, item or attachment does not exist, or belongs to somebody else."""


class InvalidRequestError(ChatKitError, ValueError):
    """The request is not one we can carry out; `param` names the field at fault, if one is."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class ConflictError(ChatKitError, ValueError):
    """The request is well-formed but the thread or item is not in a state that allows it."""


class TurnRunningError(ConflictError):
    """The thread's last answer is still coming, as the turn `turn_id`."""

    def __init__(self, turn_id: str) -> None:
        super().__init__(
            user_text("An answer is still coming in this conversation: stop it, or wait for its end.")
        )
        self.turn_id = turn_id


class RepeatedRequestError(ConflictError):
    """The caller has used the request's key before."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request: send a new one.")


class LeaseLostError(ChatKitError):
    """Another process took this one for dead and has ended the turn: nothing more of it may be written."""


class TooManyError(ChatKitError):
    """The caller, or the process, does more at once than the operator allows.

    `retry_after` is the number of seconds after which it makes sense to try again.
    """

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLargeError(ChatKitError):
    """A request's body or an upload is larger than the operator allows."""


class UnsupportedTypeError(ChatKitError):
    """A request's body or an upload is of a kind that is not taken here."""


class NotSupportedError(ChatKitError, RuntimeError):
    """Nothing is configured that could carry out the request."""


class BackendError(ChatKitError):
    """The database or the blob storage did not answer; the same request may succeed later."""


class ErrorCode(str, Enum):  # noqa: UP042 - as published
    """Codes that an `error` event may carry beside ``custom``."""

    STREAM_ERROR = "stream.error"


DEFAULT_STATUS: dict[ErrorCode, int] = {ErrorCode.STREAM_ERROR: 500}
DEFAULT_ALLOW_RETRY: dict[ErrorCode, bool] = {ErrorCode.STREAM_ERROR: True}


class BaseStreamError(ABC, Exception):
    """Raised inside `respond()` or `action()`; ends the stream with an `error` event."""

    allow_retry: bool


class StreamError(BaseStreamError):
    """A failure that the client explains by itself, from its code."""

    code: ErrorCode

    def __init__(self, code: ErrorCode, *, allow_retry: bool | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status_code = DEFAULT_STATUS.get(code, 500)
        self.allow_retry = DEFAULT_ALLOW_RETRY.get(code, False) if allow_retry is None else allow_retry


class CustomStreamError(BaseStreamError):
    """A failure with a message of the application's own, shown to the user as it is."""

    message: str

    def __init__(self, message: str, *, allow_retry: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.allow_retry = allow_retry
