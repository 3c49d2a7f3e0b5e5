"""A workflow: tasks that show how far the answer is, and then the answer.

    CHATKIT_AGENT=examples.workflow:answer uvicorn chatkit_asgi:app

Send a few words: the Markdown files of the folder it runs in are searched for them. No model is needed.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from chatkit_asgi.agents import AnswerContext, ChatMessage
from chatkit_asgi.types import CustomSummary, CustomTask, Workflow


async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
    """Search each file as a task of its own, then say where the words stand."""
    wanted = messages[-1].text.lower().split()
    await context.stream_progress("Looking for files", icon="search")
    paths = await asyncio.to_thread(lambda: sorted(Path().glob("*.md")))

    found: dict[str, int] = {}
    await context.start_workflow(Workflow(type="custom", tasks=[]))
    for path in paths:
        task = CustomTask(title=f"Read {path.name}", icon="document", status_indicator="loading")
        await context.add_workflow_task(task)
        text = (await asyncio.to_thread(path.read_text, encoding="utf-8")).lower()
        found[path.name] = sum(text.count(word) for word in wanted)
        done = task.model_copy(update={"status_indicator": "complete", "content": f"{found[path.name]}×"})
        await context.update_workflow_task(done, -1)
    await context.end_workflow(CustomSummary(title=f"Read {len(paths)} files", icon="check"))

    places = {name: count for name, count in found.items() if count}
    yield "These files have your words:\n\n" if places else "No file has your words."
    for name, count in sorted(places.items(), key=lambda each: -each[1]):
        yield f"- `{name}`: {count}×\n"
