"""How a source is doing, as one word with its reasons: what its books and its newest delivery say at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import RunState, RunSummary
from sympolis.acquisition.quality import is_stale

Refusal = Sequence[Mapping[str, Any]]
"""Why a delivery was refused whole: its findings as JSON."""

_STALE: Final = {
    "it": "Da {since} non arrivano osservazioni nuove.",
    "de": "Seit {since} kommen keine neuen Beobachtungen.",
    "en": "There have been no new observations since {since}.",
}


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source and how it is doing: ``fresh``, ``closed``, ``unjudged``, ``stale``, ``failed`` or ``never`` run.

    ``closed``: the source is read once and never again, which is not the same as fresh. ``unjudged``: it is read again
    and again, but nobody has said how old it may be (``max_age``), so nobody can call it fresh.
    """

    planned: PlannedSource
    status: str
    last_run: RunSummary | None
    newest_observation: datetime | None
    last_good: RunSummary | None = None
    """The run whose data the twin holds."""
    covers: tuple[datetime | None, datetime | None] = (None, None)
    """First and last observation of the last delivery that was taken."""
    alarm: Mapping[str, str] = field(default_factory=dict)
    """Why the source needs somebody's attention, by language; empty where it does not."""

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        source = self.planned.source
        return {
            "id": source.id,
            "title": source.title,
            "description": source.description,
            "connector": source.connector,
            "owner": source.owner,
            "licence": source.licence,
            "attribution": source.attribution,
            "url": source.url,
            "dataset": source.dataset,
            "dataset_check": source.dataset_check,
            "themes": source.themes,
            "high_value": source.high_value,
            "schedule": source.schedule,
            "refresh_every": None if source.refresh is None else source.refresh.every,
            "entity_type": self.planned.mapping.entity_type,
            "status": self.status,
            "last_run": self.last_run.to_json() if self.last_run else None,
            "newest_observation": self.newest_observation,
            "last_good": self.last_good.finished_at if self.last_good else None,
            "covers": {"from": self.covers[0], "to": self.covers[1]},
            "alarm": self.alarm or None,
        }


def status_of(
    planned: PlannedSource, runs: Sequence[RunSummary], refusal: Refusal | None, now: datetime
) -> SourceStatus:
    """The state of a source by its last ``runs`` (newest first) and what is wrong with its newest delivery."""
    last = runs[0] if runs else None
    newest = max((run.newest_observation for run in runs if run.newest_observation), default=None)
    oldest = min((run.oldest_observation for run in runs if run.oldest_observation), default=None)
    good = next((run for run in runs if run.state is RunState.DONE), None)
    status = _status(planned, last, newest, now, refused=refusal is not None)
    alarm = _alarm(status, last, refusal, newest)
    return SourceStatus(planned, status, last, newest, good, (oldest, newest), alarm)


def _status(
    planned: PlannedSource, last: RunSummary | None, newest: datetime | None, now: datetime, *, refused: bool
) -> str:
    if last is None:
        return "never"
    if last.state is RunState.FAILED or refused:
        return "failed"
    if is_stale(planned.source.expectations, newest, now):
        return "stale"
    if planned.source.schedule == "once" and planned.source.refresh is None:
        return "closed"
    return "unjudged" if planned.source.expectations.max_age is None else "fresh"


def _alarm(
    state: str, last: RunSummary | None, refusal: Refusal | None, newest: datetime | None
) -> dict[str, str]:
    """Why a source in this state needs somebody's attention, by language."""
    if state == "stale":
        since = f"{newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if newest is not None else "–"
        return {language: text.format(since=since) for language, text in _STALE.items()}
    if state != "failed":
        return {}
    if refusal:
        against = [one["text"] for one in refusal if one["refuses"]]
        return {language: " ".join(one[language] for one in against) for language in _STALE}
    if last is not None and last.explained:
        return dict(last.explained)
    return {"en": (last.error if last is not None else None) or "the last run failed"}
