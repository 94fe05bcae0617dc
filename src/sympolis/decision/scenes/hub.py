"""Shared scenes: who is in which, who leads, and who is told what. Nothing is written down; what ends is forgotten.

One participant leads: their camera, scenario and hour are everybody's. Any other may take the lead, so that two cameras
never pull at one another. A code lets in; it holds 50 bits of chance and only as long as its scene.
"""

from __future__ import annotations

import secrets
from asyncio import Queue, QueueFull
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

import msgspec

from sympolis.decision.scenes.messages import Lead, Look, Message, Point
from sympolis.domain import errors

MOST_SCENES: Final = 50
MOST_OF_ONE: Final = 5
"""Scenes that one account may have open."""
MOST_PARTICIPANTS: Final = 12
LASTS: Final = timedelta(hours=4)
DESERTED: Final = timedelta(minutes=30)
"""After so long without anybody a scene ends by itself."""
PER_SECOND: Final = 20
BURST: Final = 60
OUTBOX: Final = 128
_PLENTY: Final = 32
"""Pointers are left out for somebody who has more than so many messages to read."""
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 10

Event = dict[str, Any]


@dataclass(slots=True)
class Participant:
    """Somebody at the table. ``outbox`` holds what they have yet to be told; None as a message means good-bye."""

    number: int
    name: str
    signed_in: bool
    outbox: Queue[Event | None] = field(default_factory=lambda: Queue(OUTBOX))
    tokens: float = BURST
    counted_at: float = 0.0
    gone: str = ""
    """Why they were sent away."""

    def document(self) -> Event:
        """As the others know them; the number gives the colour."""
        return {"id": self.number, "name": self.name, "signed_in": self.signed_in}


@dataclass(slots=True)
class Scene:
    """One table. ``look`` is what all see."""

    code: str
    owner: str
    ends_at: datetime
    empty_since: datetime
    participants: dict[int, Participant] = field(default_factory=dict)
    leader: int | None = None
    look: Look = field(default_factory=Look)
    last: int = 0


class Hub:
    """The scenes of one server process."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), clock: Callable[[], float] = monotonic
    ) -> None:
        self._scenes: dict[str, Scene] = {}
        self._now = now
        self._clock = clock

    def open(self, owner: str) -> Scene:
        """A new scene. Raises ``QuotaExceeded`` where there are too many."""
        self.sweep()
        if (
            len(self._scenes) >= MOST_SCENES
            or sum(one.owner == owner for one in self._scenes.values()) >= MOST_OF_ONE
        ):
            raise errors.QuotaExceeded(
                "too many scenes are shared at the moment", where="scenes", hint="end one that nobody needs"
            )
        now = self._now()
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        scene = self._scenes[code] = Scene(code, owner, now + LASTS, now)
        return scene

    def get(self, code: str) -> Scene:
        """A scene that goes on. Raises ``NotFound``."""
        self.sweep()
        found = self._scenes.get(code)
        if found is None:
            raise errors.NotFound(
                "there is no such shared scene, or it has ended", where="code", hint="ask whoever invited you"
            )
        return found

    def sweep(self) -> None:
        """End what is over, and what everybody left long ago."""
        now = self._now()
        for scene in list(self._scenes.values()):
            if scene.ends_at <= now or (not scene.participants and scene.empty_since + DESERTED <= now):
                self.end(scene)

    def end(self, scene: Scene) -> None:
        """Send everybody home and forget it."""
        self._scenes.pop(scene.code, None)
        for one in list(scene.participants.values()):
            self._send_away(one, "ended")

    def join(self, scene: Scene, name: str, *, signed_in: bool) -> Participant:
        """Somebody sits down; all others hear of it. Raises ``QuotaExceeded`` at a full table."""
        if len(scene.participants) >= MOST_PARTICIPANTS:
            raise errors.QuotaExceeded(f"at most {MOST_PARTICIPANTS} can take part", where="scene")
        scene.last += 1
        shown = " ".join("".join(c for c in name if c.isprintable()).split())
        one = Participant(scene.last, shown, signed_in and bool(shown), counted_at=self._clock())
        self._tell(scene, {"type": "joined", "participant": one.document()})
        scene.participants[one.number] = one
        scene.leader = scene.leader or one.number
        one.outbox.put_nowait(self._welcome(scene, one))
        return one

    def leave(self, scene: Scene, one: Participant) -> None:
        """They are gone; who has been there longest leads on."""
        if scene.participants.pop(one.number, None) is None:
            return
        if not scene.participants:
            scene.empty_since, scene.leader = self._now(), None
            return
        if scene.leader == one.number:
            scene.leader = min(scene.participants)
        self._tell(scene, {"type": "left", "id": one.number, "leader": scene.leader})

    def hear(self, scene: Scene, one: Participant, message: Message) -> None:
        """Pass on what somebody says; looks of those who do not lead are heard by nobody.

        Raises ``TooManyAttempts`` for who says too much.
        """
        self._count(one)
        if isinstance(message, Look) and scene.leader == one.number:
            changes = {name: value for name, value in _fields(message).items() if value is not None}
            scene.look = msgspec.structs.replace(scene.look, **changes)
            self._tell(scene, {"type": "look", "by": one.number, **changes}, but=one)
        elif isinstance(message, Point):
            self._tell(
                scene, {"type": "point", "by": one.number, **_fields(message)}, but=one, may_be_lost=True
            )
        elif isinstance(message, Lead):
            scene.leader = one.number
            self._tell(scene, {"type": "leads", "id": one.number})

    def _count(self, one: Participant) -> None:
        now = self._clock()
        one.tokens = min(BURST, one.tokens + (now - one.counted_at) * PER_SECOND) - 1
        one.counted_at = now
        if one.tokens < 0:
            raise errors.TooManyAttempts(f"at most {PER_SECOND} messages a second", where="message")

    def _tell(
        self, scene: Scene, event: Event, *, but: Participant | None = None, may_be_lost: bool = False
    ) -> None:
        for one in list(scene.participants.values()):
            if one is but or (may_be_lost and one.outbox.qsize() > _PLENTY):
                continue
            try:
                one.outbox.put_nowait(event)
            except QueueFull:
                self._send_away(one, "too slow")

    def _send_away(self, one: Participant, why: str) -> None:
        one.gone = one.gone or why
        while one.outbox.full():
            one.outbox.get_nowait()
        one.outbox.put_nowait(None)

    def _welcome(self, scene: Scene, one: Participant) -> Event:
        return {
            "type": "welcome",
            "you": one.number,
            "leader": scene.leader,
            "participants": [each.document() for each in scene.participants.values()],
            "look": {name: value for name, value in _fields(scene.look).items() if value is not None},
            "ends_at": scene.ends_at.isoformat(),
        }


def _fields(message: msgspec.Struct) -> Event:
    return {name: getattr(message, name) for name in message.__struct_fields__}
