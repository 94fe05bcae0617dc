"""The least that a request can cost here: an ASGI application that does nothing, on the same server and event loop.

Its figure beside ours says how much of a measurement is the machine's mood. Prints its address, serves until stopped.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn

_BODY = b"x" * 900
_HEADERS = [(b"content-length", b"%d" % len(_BODY)), (b"content-type", b"application/json")]


async def nothing(_scope: Any, _receive: Any, send: Any) -> None:
    """The same 900 bytes for everyone."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


def main() -> None:
    """Serve on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        nothing, log_level="warning", access_log=False, lifespan="off", http="httptools", loop="uvloop"
    )
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
