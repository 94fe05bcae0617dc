"""A twin's notices, joined: what rules look at, by which channels people are told, where all of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sympolis.api.twin.alerts import Alerts
from sympolis.app.pushing import PushKey
from sympolis.app.twin import Twin
from sympolis.city.schema import City
from sympolis.decision.notices.desk import Carrier, NoticeDesk
from sympolis.decision.notices.record import Reading
from sympolis.decision.notices.rule import About, Channel, Rule
from sympolis.notify.channels.apprise import Apprise
from sympolis.notify.channels.mail import Mail, MailServer
from sympolis.notify.channels.push import Push
from sympolis.notify.channels.web import Inbox, Ntfy
from sympolis.settings import Settings
from sympolis.stores.embedded.notices import EmbeddedNotices

SOURCES: Final = Rule(
    id="sources",
    title={
        "it": "Una fonte richiede attenzione",
        "de": "Eine Quelle braucht Aufmerksamkeit",
        "en": "A source needs attention",
    },
    about=About.SOURCE,
    subject="*",
    builtin=True,
)
"""Every twin has this rule: data that stopped coming are otherwise noticed when it is too late."""
QUESTIONS: Final = Rule(
    id="questions",
    title={
        "it": "Una domanda aspetta oltre il termine",
        "de": "Eine Frage wartet über ihre Frist hinaus",
        "en": "A question waits beyond its time",
    },
    about=About.QUESTION,
    subject="*",
    builtin=True,
)
"""Whoever asks is promised an answer within working days."""
_MOST_SERIES: Final = 100


def open_notices(settings: Settings, twin: Twin, folder: Path) -> NoticeDesk:
    """The notices of a twin; its own rules are one for each alert of the city, and one for its sources."""
    book = EmbeddedNotices.in_memory() if settings.store == "memory" else EmbeddedNotices.open(folder)
    watch = Watch(twin)
    return NoticeDesk(
        book,
        watch.readings,
        carriers(settings, twin),
        builtin=own_rules(twin.city),
        zone=ZoneInfo(twin.city.facts.timezone),
    )


def own_rules(city: City) -> list[Rule]:
    """What a twin tells of by itself: late sources, questions that wait, what the city warns of."""
    return [SOURCES, QUESTIONS, *alert_rules(city)]


def alert_rules(city: City) -> list[Rule]:
    """Each alert of the city raises a notice by itself."""
    return [
        Rule(
            id=f"alert-{one.id}",
            title=one.title,
            about=About.ALERT,
            subject=one.id,
            urgent=True,
            builtin=True,
        )
        for one in city.alerts
    ]


def carriers(settings: Settings, twin: Twin) -> Mapping[Channel, Carrier]:
    """The channels that this twin has: what needs a server or a library that is not there is not among them."""
    client, language = twin.ground.client, twin.city.facts.languages[0]
    common: dict[str, Any] = {"language": language, "address": settings.public_url}
    found: dict[Channel, Carrier] = {
        Channel.NTFY: Ntfy(client, **common),
        Channel.INBOX: Inbox(client, **common),
    }
    if settings.mail_server:
        found[Channel.EMAIL] = Mail(MailServer.parse(settings.mail_server), **common)
    if twin.federation is not None and find_spec("http_ece") is not None:
        key = PushKey(twin.federation.records)
        found[Channel.PUSH] = Push(client, sign=key.token, public_key=key.point, **common)
    if find_spec("apprise") is not None:
        found[Channel.APPRISE] = Apprise(**common)
    return found


class Watch:
    """Everything that rules can look at, read now."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        terms = twin.ground.contexts.resolve_local(twin.city.context["@context"])
        self._alerts = Alerts(twin.shown, twin.ground.broker, terms)

    async def readings(self, about: Set[About]) -> Sequence[Reading]:
        """Indicators, alerts that stand, sources in trouble, the highest values of published forecasts."""
        read = {
            About.INDICATOR: self._indicators,
            About.ALERT: self._raised,
            About.SOURCE: self._sources,
            About.FORECAST: self._forecasts,
            About.QUESTION: self._questions,
        }
        return [reading for kind in sorted(about) for reading in await read[kind]()]

    async def _indicators(self) -> list[Reading]:
        return [
            Reading(
                about=About.INDICATOR,
                subject=one["name"],
                title=one["title"],
                value=one["value"],
                unit=one["unit"],
                at=datetime.fromisoformat(one["at"]),
                page="#/overview",
            )
            for one in await self._twin.desk.indicators()
            if one["value"] is not None and one["at"] is not None
        ]

    async def _raised(self) -> list[Reading]:
        return [
            Reading(
                about=About.ALERT,
                subject=one.plan.id,
                title=one.plan.title,
                value=one.found.value,
                unit=one.plan.unit,
                at=one.onset,
                page="#/overview",
            )
            for one in await self._alerts.raised_now()
        ]

    async def _sources(self) -> list[Reading]:
        return [
            Reading(
                about=About.SOURCE,
                subject=one.planned.source.id,
                title=one.planned.source.title,
                value=1.0,
                at=one.last_run.started_at if one.last_run is not None else datetime.now(UTC),
                page=f"#/sources/{one.planned.source.id}",
            )
            for one in self._twin.coordinator.sources()
            if one.alarm or one.status in ("failed", "stale")
        ]

    async def _questions(self) -> list[Reading]:
        """Topics with overdue questions: how many, never what was asked."""
        if self._twin.help is None:
            return []
        desk = self._twin.help.desk
        return [
            Reading(
                about=About.QUESTION,
                subject=topic,
                title=desk.topic(topic).title,
                value=float(count),
                at=desk.now(),
                page="#/help/questions",
            )
            for topic, count in desk.overdue().items()
        ]

    async def _forecasts(self) -> list[Reading]:
        found = [await self._highest(plan.id) for plan in self._twin.city.forecasts]
        return [one for one in found if one is not None]

    async def _highest(self, forecast: str) -> Reading | None:
        """The highest value that a published forecast expects anywhere within its horizon."""
        brief = await self._twin.desk.forecasts.get(forecast)
        published = [one["feature"] for one in brief["series"] if one["state"] == "published"][:_MOST_SERIES]
        values: list[tuple[float, datetime]] = []
        for feature in published:
            document = await self._twin.desk.forecasts.get(forecast, feature)
            values += [pair for one in document["series"] for pair in _expected(document, one["values"])]
        if not values:
            return None
        value, at = max(values)
        return Reading(
            about=About.FORECAST,
            subject=forecast,
            title=brief["title"],
            value=value,
            unit=brief["unit"],
            at=at,
            page=f"#/forecasts/{forecast}",
        )


def _expected(forecast: Mapping[str, Any], values: Mapping[str, Any] | None) -> list[tuple[float, datetime]]:
    """Each expected value with its moment."""
    if values is None:
        return []
    origin, step = datetime.fromisoformat(forecast["origin"]), timedelta(seconds=forecast["step_s"])
    return [(one, origin + at * step) for at, one in enumerate(values["middle"]) if one is not None]


def push_key(twin: Twin) -> Callable[[], str] | None:
    """What browsers subscribe with; None where none can be told."""
    if twin.federation is None or find_spec("http_ece") is None:
        return None
    return PushKey(twin.federation.records).point
