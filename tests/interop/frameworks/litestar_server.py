"""The same tools, built with Litestar's MCP plugin: `litestar_server.py PORT`. It ends when its standard input closes."""

import asyncio
import json
import os
import sys
import threading

import uvicorn
from litestar_mcp import MCP


def note(did, **more):
    """Appends one line; one write, so that a kill leaves whole lines behind."""
    line = json.dumps({"did": did, "process": os.getpid(), **more}) + "\n"
    with open(os.environ["JOURNAL"], "ab", buffering=0) as journal:
        journal.write(line.encode())


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


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
uvicorn.run(server.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
