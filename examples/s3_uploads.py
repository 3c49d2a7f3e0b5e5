"""Files go from the browser straight to S3 and are read from there; the app only signs links.

    CHATKIT_FILES_URL=s3://my-bucket/chat CHATKIT_AGENT=examples.s3_uploads:answer uvicorn chatkit_asgi:app

AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION have to be set, and AWS_ENDPOINT_URL for anything that
is compatible with S3. The browser asks for `attachments.create`, sends the bytes to the `upload_descriptor`
of the answer, and names the attachment in its message. Without CHATKIT_FILES_URL it all works on local disk.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi.agents import AnswerContext, ChatMessage


async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
    """Tell size and SHA-256 of what was sent, without holding a whole file in memory."""
    attachments = messages[-1].attachments
    if not attachments:
        yield "Attach a file, and I tell its fingerprint."
    for attachment in attachments:
        await context.stream_progress(f"Reading {attachment.name}")
        size, digest = 0, hashlib.sha256()
        async for chunk in attachment.open():
            size += len(chunk)
            digest.update(chunk)
        yield f"{attachment.name}: {size} bytes, SHA-256 {digest.hexdigest()}\n"
