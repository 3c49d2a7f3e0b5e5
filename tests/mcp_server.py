"""A real MCP server for tests: over standard streams when it is run, over HTTP by `make_server`."""

import asyncio
import os

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ImageContent

__all__ = ["make_server"]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def make_server() -> MCPServer:
    server = MCPServer("stand-in")

    @server.tool(title="Adding up")
    async def add(a: int, b: int) -> int:
        """The sum of two numbers."""
        return a + b

    @server.tool()
    async def count(ctx: Context, to: int) -> str:
        """Counts, and tells how far it is."""
        for number in range(to):
            await ctx.report_progress(number + 1, to, f"at {number + 1}")
            await asyncio.sleep(0.05)
        return f"counted to {to}"

    @server.tool()
    async def refuse() -> str:
        """Fails, and says why."""
        raise ToolError("out of stock")

    @server.tool()
    async def hang() -> str:
        """Never answers."""
        await asyncio.Event().wait()
        return "never"

    @server.tool()
    async def leave() -> str:
        """The process ends."""
        os._exit(3)

    @server.tool()
    async def secret() -> str:
        """What the environment says."""
        return os.environ.get("STAND_IN_SECRET", "nothing")

    @server.tool()
    async def process() -> str:
        """Its number."""
        return str(os.getpid())

    @server.tool()
    async def draw() -> ImageContent:
        """A picture."""
        return ImageContent(type="image", data=PIXEL, mime_type="image/png")

    @server.tool()
    async def talk(words: int) -> str:
        """Says much."""
        return "word " * words

    return server


if __name__ == "__main__":
    make_server().run("stdio")
