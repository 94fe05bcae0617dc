"""Alerts: which of the city's rules are met, now or at a moment of the past, and each as a CAP message.

An alert follows from data and a rule alone: nothing is stored, and asking for a past day gives what would have been
said then. Nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sympolis.analysis.alerting import MOST_DAYS, Band, Reached, reached
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import NUMBER, TEXT, TEXTS, several, structure
from sympolis.api.twin import cap
from sympolis.city.alerts import AlertPlan
from sympolis.city.shown import Shown
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors

AT = Parameter(
    name="at", text="The day at which to judge, e.g. 2025-07-03; today without it.", max_length=10,
    example="2025-07-03",
)  # fmt: skip
MARGIN_DAYS = 32
NOON = timedelta(hours=12)
FIRST_YEAR, LAST_YEAR = 1800, 2200

_JSON = "application/json"
_TAG = "Alerts"
_ALERT = structure(
    {
        "id": TEXT, "rule": TEXT, "event": TEXTS, "headline": TEXTS, "severity": TEXT, "urgency": TEXT,
        "certainty": TEXT, "value": NUMBER, "at_least": NUMBER, "unit": TEXT, "day": TEXT,
        "run_days": {"type": "integer"},
        "onset": TEXT, "expires": TEXT, "source": TEXT, "source_texts": TEXTS, "lineage": TEXT, "cap": TEXT,
    },
    required=("id", "rule", "severity", "value", "day", "cap"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Raised:
    """A rule that is met, and the entity whose figure it is."""

    plan: AlertPlan
    entity: str
    found: Reached
    onset: datetime
    expires: datetime

    @property
    def id(self) -> str:
        """Rule and day: the same alert keeps its name."""
        return f"{self.plan.id}-{self.found.day.isoformat()}"


class Alerts:
    """Handlers of ``/api/alerts``."""

    def __init__(self, shown: Shown, broker: Broker, terms: Terms) -> None:
        self._shown = shown
        self._broker = broker
        self._terms = terms
        self._zone = ZoneInfo(shown.city.facts.timezone)

    async def list(self, request: Request) -> Reply:
        """Every rule that is met."""
        on = self._day(AT.raw(request))
        found = await self._raised_on(on)
        rules = [self._rule(plan) for plan in self._shown.alerts]
        return json_reply(
            {"at": on.isoformat(), "alerts": [self._document(one) for one in found], "rules": rules}
        )

    async def raised_now(self) -> tuple[Raised, ...]:
        """Every rule that is met today."""
        return await self._raised_on(self._day(None))

    async def _raised_on(self, on: date) -> tuple[Raised, ...]:
        found = [await self._raised(plan, on) for plan in self._shown.alerts]
        return tuple(one for one in found if one is not None)

    async def message(self, request: Request) -> Reply:
        """One alert as CAP. Raises ``NotFound`` where the rule was not met on that day."""
        alert_id = request.arguments["alert"]
        rule, day = alert_id[:-11], alert_id[-10:]
        plan = next((one for one in self._shown.alerts if one.id == rule), None)
        found = await self._raised(plan, self._day(day)) if plan else None
        if found is None or found.id != alert_id:
            raise errors.NotFound(f"there is no alert {alert_id!r}", where="alert", hint="see /api/alerts")
        return Reply(body=cap.write(self._message(found)), media=cap.MEDIA)

    def _day(self, given: str | None) -> date:
        if given is None:
            return datetime.now(self._zone).date()
        hint = "e.g. 2025-07-03"
        try:
            day = date.fromisoformat(given)
        except ValueError as cause:
            raise errors.InvalidRequest("expected a day as YYYY-MM-DD", where="at", hint=hint) from cause
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise errors.InvalidRequest(
                f"expected a year from {FIRST_YEAR} to {LAST_YEAR}", where="at", hint=hint
            )
        return day

    async def _raised(self, plan: AlertPlan, on: date) -> Raised | None:
        bands = [Band(band.severity, band.at_least) for band in plan.bands]
        best: Raised | None = None
        for entity, values in (await self._values(plan, on)).items():
            found = reached(values, bands, on=on, days=plan.days, max_age_days=plan.max_age_days)
            if found is not None and (best is None or found.day > best.found.day):
                onset = datetime.combine(found.day, time(), self._zone)
                ends = onset + timedelta(days=1, hours=plan.holds_hours)
                best = Raised(plan, entity, found, onset, ends)
        return best

    async def _values(self, plan: AlertPlan, on: date) -> dict[str, dict[date, float]]:
        """The attribute's daily figures up to ``on``, by entity."""
        end = datetime.combine(on + timedelta(days=1), time(), self._zone).astimezone(UTC)
        start = end - timedelta(days=MARGIN_DAYS + MOST_DAYS)
        name = self._terms.expand(plan.attribute)
        history = await self._broker.history(
            HistoryQuery(
                Query(types=TypeIs(self._terms.expand(plan.entity_type))),
                range=TimeRange(TimeRelation.BETWEEN, start, end), names=(name,),
            )
        )  # fmt: skip
        return {
            series.entity_id: {
                (point.at.astimezone(self._zone) + NOON).date(): float(point.value)
                for point in series.observations
                if isinstance(point.value, int | float)
            }
            for series in history.series
        }

    # --- documents ----------------------------------------------------------------------------------------------------

    def _document(self, raised: Raised) -> dict[str, Any]:
        plan, found = raised.plan, raised.found
        return {
            "id": raised.id,
            "rule": plan.id,
            "event": dict(plan.title),
            "headline": self._headline(raised),
            "severity": found.severity,
            "urgency": "Immediate",
            "certainty": "Observed",
            "value": found.value,
            "at_least": found.at_least,
            "unit": plan.unit,
            "day": found.day.isoformat(),
            "run_days": found.run_days,
            "onset": raised.onset.isoformat(),
            "expires": raised.expires.isoformat(),
            "source": plan.source,
            "source_texts": dict(plan.source_texts),
            "lineage": f"/api/lineage/{raised.entity}",
            "cap": f"/api/alerts/{raised.id}/cap",
        }

    def _headline(self, raised: Raised) -> dict[str, str]:
        found, unit = raised.found, raised.plan.unit
        figure = f"{found.value:g} {unit}".strip()
        return {
            language: f"{title}: {figure} ({found.day.isoformat()}, {found.run_days} d ≥ {found.at_least:g})"
            for language, title in raised.plan.title.items()
        }

    def _message(self, raised: Raised) -> cap.Message:
        facts, plan = self._shown.city.facts, raised.plan
        languages = [language for language in facts.languages if language in plan.title] or list(plan.title)
        return cap.Message(
            identifier=f"urn:sympolis:alert:{facts.id}:{raised.id}",
            sender=f"{facts.id}.sympolis",
            sent=raised.onset + timedelta(days=1),
            status="Test",
            category=plan.category,
            severity=raised.found.severity,
            urgency="Immediate",
            certainty="Observed",
            event=plan.title,
            headline=self._headline(raised),
            instruction=plan.instruction,
            onset=raised.onset,
            expires=raised.expires,
            sender_name=facts.operator,
            web=facts.contact or "",
            parameters={
                plan.attribute: f"{raised.found.value:g} {plan.unit}".strip(),
                "daysInARow": str(raised.found.run_days),
            },
            area=next(iter(facts.name.values())),
            box=(facts.bbox[0], facts.bbox[1], facts.bbox[2], facts.bbox[3]),
            languages=languages,
        )

    def _rule(self, plan: AlertPlan) -> dict[str, Any]:
        return {
            "id": plan.id, "title": dict(plan.title), "attribute": plan.attribute, "unit": plan.unit,
            "days": plan.days, "max_age_days": plan.max_age_days, "source": plan.source,
            "bands": [{"severity": band.severity, "at_least": band.at_least} for band in plan.bands],
        }  # fmt: skip


def operations(shown: Shown, broker: Broker, terms: Terms) -> tuple[Operation, ...]:
    """The routes of alerts."""
    handlers = Alerts(shown, broker, terms)
    listed = structure(
        {"at": TEXT, "alerts": several(_ALERT), "rules": several({"type": "object"})},
        required=("at", "alerts", "rules"),
    )
    return (
        Operation(
            method="GET", path="/api/alerts", handle=handlers.list, name="listAlerts", tag=_TAG, parameters=(AT,),
            title="Rules of the city that are met", answers={200: Answer("The alerts.", {_JSON: listed})},
            text="By the newest observed figures, or by those of a day in the past. Nothing is sent.",
        ),
        Operation(
            method="GET", path="/api/alerts/{alert}/cap", handle=handlers.message, name="getAlertMessage", tag=_TAG,
            title="An alert as a CAP 1.2 message", path_texts={"alert": "An alert's id."},
            text="Its status is Test: it becomes Actual where a city has decided who may warn.",
            answers={200: Answer("The message.", {cap.MEDIA: TEXT})},
        ),
    )  # fmt: skip
