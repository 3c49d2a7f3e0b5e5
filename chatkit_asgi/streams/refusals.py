"""What turn logs say when they refuse: the same sentences, whatever keeps them."""

from chatkit_asgi.errors import LeaseLostError, NotFoundError, TooManyError

__all__ = ["lease_lost", "too_many", "unknown_turn"]


def unknown_turn() -> NotFoundError:
    return NotFoundError("There is no such answer, or it ended long ago.")


def too_many(most: int) -> TooManyError:
    return TooManyError(f"You have {most} answers coming already: wait for one of them, or stop it.")


def lease_lost() -> LeaseLostError:
    return LeaseLostError("Another process has ended this answer.")
