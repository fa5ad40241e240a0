"""The same tools, built with FastMCP for Python: `server.py PORT`. It ends when its standard input closes."""

import asyncio
import sys

from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware
from harness import end_with_the_test, note


class Handshakes(Middleware):
    async def on_initialize(self, context, call_next):
        note("initialize")
        return await call_next(context)


server = FastMCP("frameworks", middleware=[Handshakes()])


@server.tool(annotations={"readOnlyHint": True})
def echo(text: str) -> str:
    return text


@server.tool
async def slow(ms: int, key: str) -> str:
    note("call", tool="slow", key=key)
    await asyncio.sleep(ms / 1000)
    return "done"


@server.tool
def count(key: str) -> str:
    note("call", tool="count", key=key)
    return key


end_with_the_test()
server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
