"""A small client of the protocol, for tests."""

import json
from typing import Any

import httpx

__all__ = ["Chat", "Event", "frames_of"]

Event = dict[str, Any]  # Any: JSON


def frames_of(body: bytes) -> list[Event]:
    """The events of a whole stream; it must be made of nothing but `data:` frames and comments."""
    frames = [frame for frame in body.split(b"\n\n") if frame and not frame.startswith(b":")]
    assert body.endswith(b"\n\n")
    assert all(frame.startswith(b"data: {") and b"\n" not in frame for frame in frames)
    return [json.loads(frame[6:]) for frame in frames]


class Chat:
    """Speaks to `POST chatkit` of an app."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, operation: str, **params: object) -> httpx.Response:
        return await self.http.post("/chatkit", json={"type": operation, "params": params})

    async def ask(self, operation: str, **params: object) -> Any:  # Any: JSON
        """The JSON answer of an operation that streams nothing."""
        response = await self.post(operation, **params)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()

    async def stream(self, operation: str, **params: object) -> list[Event]:
        """All events of an operation that streams."""
        response = await self.post(operation, **params)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return frames_of(response.content)

    async def create(self, text: str, **extra: object) -> list[Event]:
        return await self.stream("threads.create", input=self.message(text, **extra))

    async def say(self, thread_id: str, text: str, **extra: object) -> list[Event]:
        return await self.stream(
            "threads.add_user_message", thread_id=thread_id, input=self.message(text, **extra)
        )

    async def items(self, thread_id: str) -> list[Event]:
        page = await self.ask("items.list", thread_id=thread_id, order="asc", limit=100)
        return list(page["data"])

    @staticmethod
    def message(text: str, **extra: object) -> dict[str, object]:
        return {"content": [{"type": "input_text", "text": text}], **extra}
