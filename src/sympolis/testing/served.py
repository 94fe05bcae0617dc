"""A twin of the test kit behind a real socket, for clients that are programs of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from sympolis.testing.small_twin import SmallTwin


@contextmanager
def served(twin: SmallTwin) -> Iterator[str]:
    """The address at which the twin answers, on its own event loop in a thread of its own, until the block ends.

    Inside, the twin must not be asked by its own client: the loop is busy.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    application: Any = twin.api
    config = uvicorn.Config(application, http="httptools", ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    loop = twin.client.loop

    def serve() -> None:
        loop.run_until_complete(server.serve(sockets=[listener]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        loop.call_soon_threadsafe(twin.api.end_streams)
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()
