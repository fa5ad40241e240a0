"""The same tools, built with FastMCP for Python: `server.py PORT`. It ends when its standard input closes."""

import asyncio
import json
import os
import sys
import threading

from fastmcp import FastMCP
from fastmcp.server.middleware import Middleware


def note(did, **more):
    """Appends one line; one write, so that a kill leaves whole lines behind."""
    line = json.dumps({"did": did, "process": os.getpid(), **more}) + "\n"
    with open(os.environ["JOURNAL"], "ab", buffering=0) as journal:
        journal.write(line.encode())


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


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
