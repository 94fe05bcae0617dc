"""Serves a twin over HTTP: one uvicorn server on one event loop, stopped cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

import uvicorn

from sympolis.app.connection import Connection
from sympolis.app.lock import Lock
from sympolis.domain import errors
from sympolis.settings import Settings

log = logging.getLogger("uvicorn.error")
"""The server's own: the one that ``log_level`` is about."""

T = TypeVar("T")


class Served(Protocol):
    """What can be served: an ASGI application that holds a data folder, until ``stopped`` is set."""

    asgi: Any
    lock: Lock
    address: str
    stopped: asyncio.Event

    async def close(self) -> None:
        """Let go of everything."""
        ...


S = TypeVar("S", bound=Served)

_GRACE_S = 2
"""How long open answers (event streams above all) may go on after the server was asked to stop."""
_BACKLOG = 256
_GC_THRESHOLD = (100_000, 20, 20)
"""Requests leave no cycles behind, so there is little to find: measured, the default costs 4 % of a point read. A batch
of 1,000 entities makes some 40,000 objects and lets all of them go: looking through them meanwhile cost 15 % of it."""
_WS_MOST_BYTES = 4096
"""Of one message by WebSocket: shared scenes send a few hundred."""
_KEEP_ALIVE_S = 60
"""How long a connection may idle: longer than clients keep them in their pools, so that it is theirs to close."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on a new event loop, uvloop's where there is one."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(work)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class _Server(uvicorn.Server):
    """Leaves signals to ``serving``, which has more to stop than the server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(settings: Settings, opened: Callable[[Settings], Awaitable[S]]) -> AsyncIterator[S]:
    """What ``opened`` makes, accepting requests at its ``address``; SIGTERM and SIGINT set its ``stopped``.

    Raises ``SettingsInvalid`` where the port cannot be had, before anything is opened.
    """
    check_binding(settings)
    listener = _listen(settings)
    try:
        served = await opened(settings)
    except BaseException:
        listener.close()
        raise
    _stop_on_signals(served)
    server = _Server(uvicorn.Config(served.asgi, **_options(settings)))
    _say_who(settings)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        served.address = _address(listener)
        served.lock.publish(served.address)
        with _tidy_memory():
            yield served
    finally:
        served.asgi.end_streams()
        server.should_exit = True
        await task
        await served.close()


def check_binding(settings: Settings) -> None:
    """Refuse to be reached from elsewhere without asking who somebody is. Raises ``SettingsInvalid``."""
    if settings.identity == "machine" and not _is_loopback(settings.host):
        raise errors.SettingsInvalid(
            f"{settings.host} can be reached from other machines, and nobody would be asked who they are",
            where="host",
            hint="add people with `sympolis user add` and start with --identity required; or, where whoever reaches"
            " the server may do everything, say so with --identity open",
        )


def _say_who(settings: Settings) -> None:
    """One line for who starts the server: that nobody is asked."""
    said = {
        "machine": "single-machine mode: whoever works on this machine may do everything",
        "open": "open: whoever reaches this server may do everything",
    }.get(settings.identity)
    if said is not None:
        log.info("%s (identity = %s)", said, settings.identity, extra={"action": "start"})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _tidy_memory() -> Iterator[None]:
    """Keep the garbage collector from looking again and again at what stays: modules, routes, contexts."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _stop_on_signals(served: Served) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, served.stopped.set)


def _listen(settings: Settings) -> socket.socket:
    """A listening socket: from here on connections queue, so the address may be announced."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as problem:
        listener.close()
        raise errors.SettingsInvalid(
            f"cannot listen on {settings.host}:{settings.port}: {problem.strerror}",
            where="port",
            hint="stop what holds it, or choose another with --port (0 takes any free one)",
        ) from problem
    listener.listen(_BACKLOG)
    return listener


def speaks_websocket() -> bool:
    """Whether what speaks WebSocket is there (extra ``scenes``)."""
    return find_spec("websockets") is not None


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "log_level": settings.log_level,
        "access_log": False,
        "server_header": False,
        "http": Connection,
        "ws": "websockets-sansio" if speaks_websocket() else "none",
        "ws_max_size": _WS_MOST_BYTES,
        "ws_per_message_deflate": False,
        "lifespan": "off",
        "proxy_headers": True,
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_keep_alive": _KEEP_ALIVE_S,
        "timeout_graceful_shutdown": _GRACE_S,
    }


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
