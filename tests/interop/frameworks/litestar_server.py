"""The same tools, built with Litestar's MCP plugin: `litestar_server.py PORT`. It ends when its standard input closes."""

import asyncio
import sys

import uvicorn
from harness import end_with_the_test, note
from litestar_mcp import MCP

server = MCP("frameworks")


@server.tool()
async def echo(text: str) -> str:
    return text


@server.tool()
async def slow(ms: int, key: str) -> str:
    note("call", tool="slow", key=key)
    await asyncio.sleep(ms / 1000)
    return "done"


@server.tool()
async def count(key: str) -> str:
    note("call", tool="count", key=key)
    return key


end_with_the_test()
uvicorn.run(server.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
