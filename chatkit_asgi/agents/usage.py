"""What a run of the Agents SDK has used, in our words."""

from collections.abc import Sequence

from agents import RunResultStreaming, TResponseInputItem

from chatkit_asgi.agents.window import estimated_tokens
from chatkit_asgi.usage import Usage, note_usage

__all__ = ["note_run"]


def note_run(run: RunResultStreaming, model: str, asked: Sequence[TResponseInputItem]) -> None:
    """Count what the run has used so far; where the server does not tell, by an estimate from the texts."""
    used = run.context_wrapper.usage
    cached, reasoning = used.input_tokens_details, used.output_tokens_details
    usage = Usage(
        model=model,
        requests=used.requests,
        input_tokens=used.input_tokens,
        cached_tokens=cached.cached_tokens or 0,
        output_tokens=used.output_tokens,
        reasoning_tokens=reasoning.reasoning_tokens or 0,
    )
    note_usage(usage if usage.total_tokens else _estimated(run, model, asked))


def _estimated(run: RunResultStreaming, model: str, asked: Sequence[TResponseInputItem]) -> Usage:
    """Each call of the model is sent what came before it."""
    sent = sum(map(estimated_tokens, asked))
    usage = Usage(model=model, requests=0)
    for response in run.raw_responses or ():
        said = sum(map(estimated_tokens, response.to_input_items()))
        usage = usage.plus(Usage(input_tokens=sent, output_tokens=said))
        sent += said
    return usage if run.raw_responses else Usage(model=model, input_tokens=sent)
