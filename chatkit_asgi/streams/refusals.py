"""What turn logs say when they refuse: the same sentences, whatever keeps them."""

from chatkit_asgi.errors import LeaseLostError, NotFoundError, TooManyError
from chatkit_asgi.locale import counted_text, user_text

__all__ = ["lease_lost", "too_many", "unknown_turn"]


def unknown_turn() -> NotFoundError:
    return NotFoundError(user_text("There is no such answer, or it ended long ago."))


def too_many(most: int) -> TooManyError:
    return TooManyError(
        counted_text(
            "You have an answer coming already: wait for it, or stop it.",
            "You have {count} answers coming already: wait for one of them, or stop it.",
            most,
        )
    )


def lease_lost() -> LeaseLostError:
    return LeaseLostError("Another process has ended this answer.")
