"""The WebSocket of a shared scene (RFC 6455): whose page may open it, what it costs at most, and how it ends.

Browsers let any page open a socket to any host and send its cookies along, so the origin is checked as for a write.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from sympolis.api.access import Access
from sympolis.api.guards import Doorkeeper
from sympolis.api.http import Receive, Request, Scope, Send
from sympolis.decision.scenes.hub import Event, Hub, Participant, Scene
from sympolis.decision.scenes.messages import DECODER, MOST_BYTES, Hello, Leave, Message
from sympolis.domain import errors

PATH: Final = re.compile(r"/api/scenes/([0-9a-z]{1,32})/socket")
PATIENCE_S: Final = 10.0
"""How long somebody may take to say hello."""
SILENCE_S: Final = 3600.0
"""A page that says nothing for so long is gone (browsers answer pings even when nobody looks at them)."""
NOT_HERE, FULL, NOT_UNDERSTOOD, TOO_MUCH = 4404, 4429, 4400, 4408
"""Codes for closing that a page can tell apart (RFC 6455, 7.4.2: 4000-4999 are an application's own)."""
_GOING_AWAY: Final = 1001
_REFUSED: Final = 1008


@dataclass(frozen=True, slots=True)
class SceneSocket:
    """Serves the sockets of a hub; ``closing`` is set when the server stops."""

    hub: Hub
    doorkeeper: Doorkeeper
    access: Access | None
    closing: asyncio.Event

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection from its handshake to its end."""
        await receive()  # websocket.connect
        scheme = "https" if scope.get("scheme") == "wss" else "http"  # as the page's own, for its cookie
        request = Request({**scope, "method": "GET", "scheme": scheme}, receive)
        found = PATH.fullmatch(request.path)
        try:
            if found is None:
                raise errors.NotFound("there is nothing at this address", where="path")
            self.doorkeeper.check("POST", request.headers)
            name = await self._account(request)
        except errors.SympolisError:
            await send({"type": "websocket.close", "code": _REFUSED})
            return
        await send({"type": "websocket.accept"})
        code, reason = await self._attend(found[1], name, receive, send)
        await send({"type": "websocket.close", "code": code, "reason": reason})

    async def _account(self, request: Request) -> str:
        """The name of whoever has signed in; '' for a guest."""
        if self.access is None:
            return ""
        subject = await self.access.identities.identify(request)
        return subject.name or subject.id

    async def _attend(self, code: str, account: str, receive: Receive, send: Send) -> tuple[int, str]:
        """Sit at the table until one leaves, is sent away, or it ends; how the socket is to be closed."""
        try:
            hello = await asyncio.wait_for(_next(receive), PATIENCE_S)
            if not isinstance(hello, Hello):
                return NOT_UNDERSTOOD, "say hello first"
            scene = self.hub.get(code)
            one = self.hub.join(scene, account or hello.name, signed_in=bool(account))
        except errors.NotFound as gone:
            return NOT_HERE, gone.message
        except errors.QuotaExceeded as full:
            return FULL, full.message
        except errors.InvalidRequest as wrong:
            return NOT_UNDERSTOOD, wrong.message
        except (TimeoutError, _Gone):
            return _REFUSED, "nobody said hello"
        try:
            return await self._talk(scene, one, receive, send)
        finally:
            self.hub.leave(scene, one)

    async def _talk(self, scene: Scene, one: Participant, receive: Receive, send: Send) -> tuple[int, str]:
        left = max(0.0, (scene.ends_at - datetime.now(UTC)).total_seconds())
        works = [
            asyncio.ensure_future(work)
            for work in (self._listen(scene, one, receive), _pour(one, send), self.closing.wait())
        ]
        try:
            done, _ = await asyncio.wait(works, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if works[0] in done:
                return works[0].result()  # type: ignore[return-value]
            return (_GOING_AWAY, one.gone or "the server stops") if done else (1000, "ended")
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _listen(self, scene: Scene, one: Participant, receive: Receive) -> tuple[int, str]:
        try:
            while True:
                message = await asyncio.wait_for(_next(receive), SILENCE_S)
                if isinstance(message, Leave):
                    return 1000, "bye"
                self.hub.hear(scene, one, message)
        except errors.TooManyAttempts as much:
            return TOO_MUCH, much.message
        except errors.InvalidRequest as wrong:
            return NOT_UNDERSTOOD, wrong.message
        except (TimeoutError, _Gone):
            return 1000, "gone"


class _Gone(Exception):
    """The other side has hung up."""


async def _next(receive: Receive) -> Message:
    """The next message. Raises ``InvalidRequest`` for what is none, ``_Gone`` at the end."""
    event = await receive()
    if event["type"] != "websocket.receive":
        raise _Gone
    text = event.get("text")
    if text is None or len(text) > MOST_BYTES:
        raise errors.InvalidRequest(f"expected a text of at most {MOST_BYTES} characters", where="message")
    try:
        message: Message = DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as wrong:
        raise errors.InvalidRequest(str(wrong)[:100], where="message") from wrong
    return message


async def _pour(one: Participant, send: Send) -> None:
    """Everything that one is to be told, until good-bye."""
    while (event := await one.outbox.get()) is not None:
        await send({"type": "websocket.send", "text": _text(event)})


def _text(event: Event) -> str:
    return msgspec.json.encode(event).decode()
