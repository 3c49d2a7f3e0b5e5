"""The words that the demo model understands, and what it says by itself."""

__all__ = ["WORDS", "help_text", "long_text", "plain_answer"]

WORDS: dict[str, str] = {
    "help": "this list",
    "widget": "a card with a button that replaces it",
    "list": "a list of rows that can be chosen",
    "form": "a form whose values come back as an action",
    "stream-widget": "a widget whose text is streamed",
    "workflow": "a workflow with a task of each kind",
    "reasoning": "thoughts before the answer",
    "image": "a generated image that comes in steps",
    "citations": "an answer with a page and a file as its sources",
    "tool": "a tool on the server that tells how far it is",
    "client-tool": "a tool in the browser, whose output continues the answer",
    "structured": "questions to be answered or skipped",
    "task": "a task that stands alone",
    "hidden": "context that only the model sees",
    "effect": "an effect in the browser that leaves no item",
    "notice": "a notice of each level",
    "progress": "a line of progress",
    "title": "a new title: `/title Summer plans`",
    "replace": "an item that takes another's place",
    "remove": "an item that vanishes again",
    "end-of-turn": "an explicit end of the turn",
    "error": "an error with a message",
    "fail": "a failure that can be retried",
    "slow": "a slow answer, to be stopped or disconnected from",
    "long": "a long answer",
}
"""Each word, sent with a slash before it, and what it shows."""


def plain_answer(said: str) -> str:
    """The answer to anything that is not one of the words."""
    echo = " ".join(said.split())
    about = f"You said: “{echo[:120]}{'…' if len(echo) > 120 else ''}”. " if echo else ""
    return (
        f"This is the built-in demo model: no real model is configured. {about}"
        "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, to get real answers. "
        "Send /help to see what else this demo can show."
    )


def help_text() -> str:
    """The words as a Markdown list."""
    lines = [f"- `/{word}` – {shown}" for word, shown in WORDS.items()]
    return "The demo model understands these words:\n\n" + "\n".join(lines)


def long_text(sentences: int) -> str:
    """That many numbered sentences, ten to a paragraph."""
    numbered = [f"This is sentence {number} of {sentences}." for number in range(1, sentences + 1)]
    return "\n\n".join(" ".join(numbered[start : start + 10]) for start in range(0, sentences, 10))
