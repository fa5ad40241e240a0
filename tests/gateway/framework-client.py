"""A client of an agent framework: `framework-client.py FRAMEWORK URL TOKEN`. It exchanges lines of JSON as python-client.py does."""

import json
import os
import sys
from contextlib import asynccontextmanager
from functools import partial

import anyio

framework, url, token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}"}
os.environ["MCP_USE_ANONYMIZED_TELEMETRY"] = "false"
lines, sys.stdout = sys.stdout, sys.stderr  # some log there


def tell(**line):
    print(json.dumps(line), file=lines, flush=True)


def as_result(value):
    """What a tool returned, as the result of a call; frameworks unwrap a text."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


@asynccontextmanager
async def pydantic_ai():
    from pydantic_ai.mcp import MCPToolset

    async with MCPToolset(url, headers=headers, tool_error_behavior="error") as toolset:
        yield toolset.direct_call_tool


@asynccontextmanager
async def llama_index():
    from llama_index.tools.mcp import BasicMCPClient

    yield BasicMCPClient(url, headers=headers).call_tool


@asynccontextmanager
async def mcp_use():
    from mcp_use import MCPClient

    client = MCPClient({"mcpServers": {"gateway": {"url": url, "headers": headers}}})
    session = await client.create_session("gateway")
    yield session.call_tool
    await client.close_all_sessions()


@asynccontextmanager
async def smolagents():
    from smolagents import MCPClient

    server = {"url": url, "transport": "streamable-http", "headers": headers}
    client = await anyio.to_thread.run_sync(partial(MCPClient, server, structured_output=False))
    tools = {tool.name: tool for tool in client.get_tools()}
    yield lambda name, arguments: anyio.to_thread.run_sync(partial(tools[name], **arguments))
    await anyio.to_thread.run_sync(client.disconnect)


def words_of(error):
    while hasattr(error, "exceptions"):  # a group of one: its own words say nothing
        error = error.exceptions[0]
    return str(error)


async def serve(call, line):
    number = line["id"]
    try:
        tell(id=number, result=as_result(await call(line["call"], line["arguments"])))
    except Exception as error:
        tell(id=number, error=words_of(error))


async def main():
    connect = {
        "llama-index": llama_index,
        "mcp-use": mcp_use,
        "pydantic-ai": pydantic_ai,
        "smolagents": smolagents,
    }[framework]
    async with connect() as call:
        tell(id=0, result={})
        async with anyio.create_task_group() as tasks:
            async for line in anyio.wrap_file(sys.stdin):
                tasks.start_soon(serve, call, json.loads(line))
            tasks.cancel_scope.cancel()


anyio.run(main)
