"""Lets requests begin turns: repeated ones join the first, and there is one turn at a time in a thread."""

from collections.abc import Awaitable, Callable

from chatkit_asgi.errors import ConflictError, NotFoundError, RepeatedRequestError, TurnRunningError
from chatkit_asgi.locale import user_text
from chatkit_asgi.streams.log import TurnRecord
from chatkit_asgi.streams.reading import TurnReading
from chatkit_asgi.streams.run import Producer
from chatkit_asgi.streams.runner import Admit, Asked, TurnRunner

__all__ = ["begin_turn"]

ATTEMPTS = 5
"""Each of them meets another turn that was stopped or ended meanwhile."""


async def begin_turn(
    runner: TurnRunner, asked: Asked, open: Callable[[Admit], Awaitable[Producer]]
) -> TurnReading:
    """A reading of the request's turn: a new one, or that of the same request sent before.

    A running turn that nobody reads makes way. Raises TurnRunningError when somebody does, ConflictError for
    a key that was used for another request, and what `TurnRunner.begin` raises.
    """
    if repeated := await _find_repeated(runner, asked):
        return await runner.attach(repeated)
    for _ in range(ATTEMPTS):
        try:
            return await runner.begin(asked, open)
        except RepeatedRequestError:
            repeated = await _find_repeated(runner, asked)
        except TurnRunningError as exc:
            repeated = await _make_way(runner, asked, exc)
        if repeated is not None:
            return await runner.attach(repeated)
    raise ConflictError(user_text("This conversation is very busy: please try again."))


async def _find_repeated(runner: TurnRunner, asked: Asked) -> TurnRecord | None:
    """The turn that this request began before. Raises RepeatedRequestError when it was another request."""
    if asked.owner is None:
        return None
    if asked.request_key is not None:
        turn = await runner.log.find_key(asked.request_key, asked.owner)
        if turn is not None and turn.request_hash != asked.request_hash:
            raise RepeatedRequestError
        return turn
    # in a thread that exists, the running turn is found anyway: it is in the way
    return await runner.find_repeated(asked) if asked.begins_thread else None


async def _make_way(runner: TurnRunner, asked: Asked, busy: TurnRunningError) -> TurnRecord | None:
    """Stop the thread's turn unless it is read; gives it where it is the one that was asked for."""
    try:
        turn = await runner.log.load(busy.turn_id, asked.owner or "")
    except NotFoundError:
        return None
    if turn.status != "running":
        return None
    if turn.is_expired and not runner.sweeper.is_blind:
        await runner.sweeper.end(turn.id)
        return None
    if runner.is_read(turn):
        raise busy
    is_same = turn.request_hash == asked.request_hash and asked.request_key is None
    if is_same and asked.owner is not None and not runner.is_stopping(turn):
        return turn
    if not turn.allow_cancel or not await runner.cancel(turn):
        raise busy
    return None
