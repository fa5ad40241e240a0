"""A real MCP server, built with the official Python SDK, 1.x or 2.x: `server.py PORT stateful|stateless|sse`.

It writes its actions into the file named by JOURNAL, which outlives the process, and ends when its standard input closes.
"""

import json
import os
import sys
import threading

import anyio
import uvicorn
from mcp.types import ToolAnnotations

try:
    from mcp.server.mcpserver import Context, MCPServer  # 2.x
except ModuleNotFoundError:
    from mcp.server.fastmcp import Context, FastMCP as MCPServer  # 1.x


def note(did, **more):
    """Appends one line; one write, so that a kill leaves whole lines behind."""
    line = json.dumps({"did": did, "process": os.getpid(), **more}) + "\n"
    with open(os.environ["JOURNAL"], "ab", buffering=0) as journal:
        journal.write(line.encode())


server = MCPServer("interop-python-server")


@server.tool(annotations=ToolAnnotations(**{"readOnlyHint": True}))
def echo(text: str) -> str:
    """Answers with the text it was given."""
    return text


@server.tool()
async def progress(steps: int, ctx: Context) -> str:
    """Reports its progress, step by step."""
    for step in range(1, steps + 1):
        await anyio.sleep(0.02)
        await ctx.report_progress(step, steps)
    return f"{steps} steps"


@server.tool()
async def slow(key: str, ms: int) -> str:
    """Runs for a while, and stops when it is cancelled. Not safe to run twice."""
    note("call", tool="slow", key=key)
    try:
        await anyio.sleep(ms / 1000)
    except anyio.get_cancelled_exc_class():
        note("cancelled", tool="slow", key=key)
        raise
    note("done", tool="slow", key=key)
    return "done"


@server.tool()
async def count(key: str) -> str:
    """Counts. Not safe to run twice: the journal has every run."""
    note("call", tool="count", key=key)
    note("done", tool="count", key=key)
    return key


@server.tool()
async def notify(ctx: Context) -> str:
    """Sends a log message and a notification that the tools changed."""
    await ctx.error("a log message")
    if hasattr(ctx, "notify_tools_changed"):
        await ctx.notify_tools_changed()
    return "sent"


@server.resource("test://text")
def text() -> str:
    """The one resource."""
    return "text"


@server.prompt()
def greeting() -> str:
    """The one prompt."""
    return "Say hello to the world."


def note_handshakes(app):
    """Wraps the application: the body of each POST is read first, then handed on as it came."""

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "POST":
            return await app(scope, receive, send)
        parts = [await receive()]
        while parts[-1].get("more_body"):
            parts.append(await receive())
        if is_handshake(b"".join(part.get("body", b"") for part in parts)):
            note("initialize")

        async def replay():
            return parts.pop(0) if parts else await receive()

        await app(scope, replay, send)

    return wrapped


def is_handshake(body):
    try:
        message = json.loads(body)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("method") == "initialize"


def build_app(mode):
    if mode == "sse":
        return server.sse_app()
    stateless = mode == "stateless"
    if MCPServer.__name__ == "MCPServer":
        return server.streamable_http_app(stateless_http=stateless)
    server.settings.stateless_http = stateless
    return server.streamable_http_app()


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    application = note_handshakes(build_app(sys.argv[2]))
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
