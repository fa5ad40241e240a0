"""A client of the official Python SDK, 1.x or 2.x: `python-client.py URL TOKEN [hasty]`.

Each line on standard input is a JSON object, `{"id", "list": true}` or `{"id", "call", "arguments"}`; each line on standard output is one too:
a result, a progress step, a log message, or a link that the user is asked to open. The session ends with the input.
"""

import json
import sys

import anyio
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client

try:
    import httpx2 as httpx  # 2.x
except ModuleNotFoundError:
    import httpx  # 1.x

url, token, *hasty = sys.argv[1:]
seen = {"session": None}


def tell(**line):
    print(json.dumps({**line, **seen}), flush=True)


async def note_session(response):
    """The SDK 2.x does not say which session it is in: the answers do."""
    seen["session"] = response.headers.get("mcp-session-id", seen["session"])


async def answer(_context, params):
    if getattr(params, "mode", "form") == "url":
        tell(link=params.url)
        return types.ElicitResult(action="accept")
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def log(params):
    tell(log=params.data)


async def serve(session, line):
    number = line["id"]

    async def step(progress, _total, _message):
        tell(id=number, progress=progress)

    try:
        if "list" in line:
            result = await session.list_tools()
        else:
            result = await session.call_tool(line["call"], line["arguments"], progress_callback=step)
        tell(id=number, result=result.model_dump(mode="json", by_alias=True))
    except Exception as error:
        tell(id=number, error=str(error))


async def main():
    headers = {"Authorization": f"Bearer {token}"}
    client = httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(30, read=300), event_hooks={"response": [note_session]})
    async with client, streamable_http_client(url, http_client=client) as streams:
        async with ClientSession(*streams[:2], elicitation_callback=answer, logging_callback=log) as session:
            await session.initialize()
            # Its notification is sent asynchronously; a response that comes after it was answered after it.
            if not hasty:
                await session.send_ping()
            tell(id=0, result={})
            async with anyio.create_task_group() as tasks:
                async for line in anyio.wrap_file(sys.stdin):
                    tasks.start_soon(serve, session, json.loads(line))
                tasks.cancel_scope.cancel()


anyio.run(main)
