"""Talks to a server through `process()`, as a client would."""

import json
from typing import Any

from chatkit_asgi.context import RequestContext
from chatkit_asgi.server import ChatKitServer, StreamingResult

__all__ = ["Chat", "Event"]

Event = dict[str, Any]  # Any: JSON


class Chat:
    """One user's requests; after `create` they go to that thread."""

    def __init__(self, server: ChatKitServer[RequestContext], context: RequestContext) -> None:
        self.server = server
        self.context = context
        self.thread_id = ""

    async def ask(self, operation: str, **params: object) -> Any:  # Any: JSON
        request = {"type": operation, "params": params}
        result = await self.server.process(json.dumps(request), self.context)
        if isinstance(result, StreamingResult):
            return [json.loads(frame[6:]) async for frame in result]
        return json.loads(result.json)

    async def create(self, text: str, **fields: object) -> list[Event]:
        events: list[Event] = await self.ask("threads.create", input=self._input(text, fields))
        self.thread_id = events[0]["thread"]["id"]
        return events

    async def say(self, text: str, **fields: object) -> list[Event]:
        params = {"thread_id": self.thread_id, "input": self._input(text, fields)}
        return list(await self.ask("threads.add_user_message", **params))

    async def act(self, item_id: str, kind: str, **payload: object) -> list[Event]:
        action = {"type": kind, "payload": payload}
        params = {"thread_id": self.thread_id, "item_id": item_id, "action": action}
        return list(await self.ask("threads.custom_action", **params))

    async def items(self) -> list[Event]:
        page = await self.ask("items.list", thread_id=self.thread_id, order="asc", limit=100)
        return list(page["data"])

    @staticmethod
    def _input(text: str, fields: dict[str, object]) -> dict[str, object]:
        return {"content": [{"type": "input_text", "text": text}], **fields}
