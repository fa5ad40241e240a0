"""The same tools as routes of FastAPI, which FastAPI-MCP makes tools of: `fastapi_server.py PORT`. It ends when its
standard input closes."""

import asyncio
import sys

import uvicorn
from fastapi import FastAPI
from fastapi_mcp import FastApiMCP
from harness import end_with_the_test, note, note_handshake

routes = FastAPI()


@routes.get("/echo", operation_id="echo")
async def echo(text: str) -> str:
    return text


@routes.post("/slow", operation_id="slow")
async def slow(ms: int, key: str) -> str:
    note("call", tool="slow", key=key)
    await asyncio.sleep(ms / 1000)
    return "done"


@routes.post("/count", operation_id="count")
async def count(key: str) -> str:
    note("call", tool="count", key=key)
    return key


FastApiMCP(routes).mount_http()


async def with_handshakes(scope, receive, send):
    """The server, with a line in the journal for each handshake: FastAPI-MCP has no hook for that."""
    body = b""

    async def read():
        nonlocal body
        event = await receive()
        body += event.get("body", b"")
        if event["type"] == "http.request" and not event.get("more_body"):
            note_handshake(body)
        return event

    await routes(scope, read, send)


end_with_the_test()
uvicorn.run(with_handshakes, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
