"""A client of FastMCP: `fastmcp-client.py URL TOKEN`. It exchanges lines of JSON as python-client.py does."""

import json
import sys

import anyio
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

url, token = sys.argv[1:]


def tell(**line):
    print(json.dumps(line), flush=True)


async def serve(client, line):
    number = line["id"]

    async def step(progress, _total, _message):
        tell(id=number, progress=progress)

    try:
        if "list" in line:
            result = await client.list_tools_mcp()
        else:
            result = await client.call_tool_mcp(line["call"], line["arguments"], progress_handler=step)
        tell(id=number, result=result.model_dump(mode="json", by_alias=True))
    except Exception as error:
        tell(id=number, error=str(error))


async def main():
    async with Client(StreamableHttpTransport(url, headers={"Authorization": f"Bearer {token}"})) as client:
        tell(id=0, result={})
        async with anyio.create_task_group() as tasks:
            async for line in anyio.wrap_file(sys.stdin):
                tasks.start_soon(serve, client, json.loads(line))
            tasks.cancel_scope.cancel()


anyio.run(main)
