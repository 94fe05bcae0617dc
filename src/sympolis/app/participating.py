"""Participation of a twin: the book, the key by which people are known, the projects of the city, joined."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sympolis.app.governing import gated_broker
from sympolis.app.voice_key import BYTES, secret_key
from sympolis.city import modelling
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.dumps.erased import Erasure
from sympolis.context.terms import Terms
from sympolis.decision.participation.record import ParticipationBook
from sympolis.decision.participation.voice import Voices
from sympolis.governance.privacy.erasures import Reach
from sympolis.notify.channels.mail import MailServer
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.participating.desk import ParticipationDesk
from sympolis.orchestration.participating.hearing import Hearing
from sympolis.orchestration.participating.letters import Letters, Post
from sympolis.orchestration.participating.places import Places, Registers
from sympolis.settings import Settings
from sympolis.stores.embedded.participation import EmbeddedParticipation

if TYPE_CHECKING:
    from sympolis.app.twin import Twin


@dataclass(frozen=True, slots=True)
class Participation:
    """What ``api.participation`` serves; ``letters`` is None where this twin has no mail server."""

    desk: ParticipationDesk
    hearing: Hearing
    letters: Letters | None = None

    def close(self) -> None:
        """Let go of the book."""
        self.desk.book.close()


def open_participation(  # noqa: PLR0913 - a composition: each keyword is one part
    city: City,
    broker: Broker,
    terms: Terms,
    *,
    desk: Desk,
    registers: Registers,
    book: ParticipationBook,
    key: bytes,
    post: Post | None = None,
    forgotten: Callable[[Erasure], Reach] = lambda _: Reach(),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Participation:
    """The participation of a city."""
    places = Places(broker, terms, modelling.areas(city), registers, city.facts.bbox)
    found = ParticipationDesk(
        book,
        Voices(key),
        city.participation,
        places=places,
        desk=desk,
        zone=ZoneInfo(city.facts.timezone),
        forgotten=forgotten,
        now=now,
    )
    letters = None if post is None else Letters(post, language=city.facts.languages[0])
    return Participation(found, Hearing(found), letters)


def participation_of(twin: Twin, settings: Settings, folder: Path) -> Participation:
    """The participation of a twin, as whoever asks may see its places. Raises ``StoreUnavailable``."""
    in_memory = settings.store == "memory"
    broker = twin.ground.broker
    asked = twin.government is not None and twin.government.access is not None
    return open_participation(
        twin.city,
        gated_broker(broker) if asked else broker,
        twin.ground.contexts.resolve_local(twin.city.context["@context"]),
        desk=twin.desk,
        registers=twin.masterdata,
        book=EmbeddedParticipation.in_memory() if in_memory else EmbeddedParticipation.open(folder),
        key=secrets.token_bytes(BYTES) if in_memory else secret_key(folder),
        post=_post(settings),
        forgotten=_kept_by(twin),
    )


def tidying(twin: Twin) -> Callable[[], Awaitable[object]]:
    """What the twin lets go of once a day: what sources keep no longer, and who said what in projects long over."""

    async def tidy() -> object:
        if twin.participation is not None:
            twin.participation.hearing.tidy()
        return await twin.retention.apply_all()

    return tidy


def _kept_by(twin: Twin) -> Callable[[Erasure], Reach]:
    """Where erasures are kept."""
    return (lambda _: Reach()) if twin.government is None else twin.government.erasures.add_everywhere


def _post(settings: Settings) -> Post | None:
    """Letters go by the server that notices go by; None where there is none."""
    return MailServer.parse(settings.mail_server).post if settings.mail_server else None
