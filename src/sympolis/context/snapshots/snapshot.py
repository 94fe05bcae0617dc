"""A snapshot as a resource: its members, what clients may say of it, how it is told (clause 5.2.41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sympolis.context.instants import find_instant, format_instant
from sympolis.context.parsing import check_uri
from sympolis.context.periods import parse_duration
from sympolis.context.subscriptions.endpoints import read_endpoint
from sympolis.context.subscriptions.subscription import Endpoint
from sympolis.domain.entity import NULL
from sympolis.domain.errors import BadRequestData

QUERIES: Final = "snapshotQueries"
TEMPORAL_QUERIES: Final = "snapshotTemporalQueries"
_DETAILS: Final = {QUERIES: "snapshotQueriesDetails", TEMPORAL_QUERIES: "snapshotTemporalQueriesDetails"}
_CHANGEABLE: Final = ("snapshotLifetime", "snapshotPriority", "endpoint", "receiverInfo")
_OUTPUT: Final = frozenset(
    {"snapshotStatus", *_DETAILS.values(), "createdAt", "modifiedAt", "expiresAt", "lastUsedAt"}
)
"""Members that only the broker says; what clients say of them is ignored."""
MEMBERS: Final = frozenset({"id", "type", *_DETAILS, *_CHANGEABLE, *_OUTPUT})
_PRIORITIES: Final = range(1, 11)
_USUAL_PRIORITY: Final = 5


class Status(StrEnum):
    """How far the making of a snapshot has come."""

    PREPARING = "preparing"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILURE = "failure"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one query (ExecutionResultDetails, clause 5.2.42)."""

    status: Status
    problem: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """As clients read it."""
        found: dict[str, Any] = {"resultStatus": self.status.value}
        return found if self.problem is None else {**found, "problemDetails": dict(self.problem)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot. ``asked`` are the members that clients give, ``results`` what became of each list of queries."""

    id: str
    tenant: str
    asked: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    expires_at: datetime
    status: Status = Status.PREPARING
    results: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    used_at: datetime | None = None

    @property
    def priority(self) -> int:
        """1 (goes first when room is needed) to 10."""
        return int(self.asked.get("snapshotPriority", _USUAL_PRIORITY))

    @property
    def endpoint(self) -> Endpoint | None:
        """Where its notifications go."""
        if "endpoint" not in self.asked:
            return None
        info = self.asked.get("receiverInfo", [])
        return read_endpoint({"uri": self.asked["endpoint"], "receiverInfo": info})

    def document(self) -> dict[str, Any]:
        """The resource as clients read it."""
        found = {
            "id": self.id,
            "type": "Snapshot",
            "snapshotPriority": self.priority,
            **self.asked,
            "snapshotStatus": self.status.value,
            **self.details(),
            "createdAt": format_instant(self.created_at),
            "modifiedAt": format_instant(self.modified_at),
            "expiresAt": format_instant(self.expires_at),
        }
        if self.used_at is not None:
            found["lastUsedAt"] = format_instant(self.used_at)
        return found

    def details(self) -> dict[str, Any]:
        """What became of the queries."""
        return {_DETAILS[name]: [one.document() for one in found] for name, found in self.results.items()}

    def finished(self, results: Mapping[str, tuple[Result, ...]], at: datetime) -> Snapshot:
        """The snapshot when its queries have been answered."""
        return replace(self, results=results, status=overall(results), modified_at=at)


def overall(results: Mapping[str, tuple[Result, ...]]) -> Status:
    """The status of a snapshot with these results (clause 5.16.1)."""
    found = [one.status for part in results.values() for one in part]
    failed = found.count(Status.FAILURE)
    if failed:
        return Status.FAILURE if failed == len(found) else Status.PARTIAL
    return Status.SUCCESS if Status.SUCCESS in found else Status.EMPTY


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long snapshots live: where nothing is asked for, and at most."""

    usual: timedelta = timedelta(days=1)
    longest: timedelta = timedelta(days=90)

    def end(self, asked: Mapping[str, Any], created: datetime, now: datetime) -> datetime:
        """When a snapshot of that age with these members ends. Raises ``BadRequestData`` for a time that has passed."""
        if "snapshotLifetime" not in asked:
            return created + self.usual
        lifetime = parse_duration(asked["snapshotLifetime"], where="snapshotLifetime")
        try:
            found = min(lifetime.after(created), created + self.longest)
        except OverflowError:
            found = created + self.longest
        if found <= now:
            raise BadRequestData("a snapshot of this lifetime has ended already", where="snapshotLifetime")
        return found


# --- what clients say


def read_new(document: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The id, if there is one, and the members of a snapshot to create (clause 5.16.1). Raises ``BadRequestData``."""
    given = _read(document, (*_DETAILS, *_CHANGEABLE))
    if document.get("type") != "Snapshot":
        raise BadRequestData('expected "type": "Snapshot"', where="type")
    if not any(name in given for name in _DETAILS):
        raise BadRequestData("a snapshot needs queries", where=QUERIES, hint=f"or {TEMPORAL_QUERIES}")
    return _id(document), given


def read_clone(document: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The same of a snapshot that has the contents of another (clause 5.16.2)."""
    given = _read(document, _CHANGEABLE)
    if document.get("type", "Snapshot") != "Snapshot":
        raise BadRequestData('expected "type": "Snapshot"', where="type")
    return _id(document), given


def read_fragment(snapshot: Snapshot, document: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a snapshot after an update (clauses 5.5.8, 5.16.4). Raises ``BadRequestData``."""
    if document.get("id", snapshot.id) != snapshot.id:
        raise BadRequestData("an id cannot be changed", where="id")
    if document.get("type", "Snapshot") != "Snapshot":
        raise BadRequestData("the type cannot be changed", where="type")
    gone = {name for name in _CHANGEABLE if document.get(name) == NULL}
    given = _read({name: value for name, value in document.items() if name not in gone}, _CHANGEABLE)
    found = {name: value for name, value in {**snapshot.asked, **given}.items() if name not in gone}
    _check_endpoint(found)
    return found


def _id(document: Mapping[str, Any]) -> str | None:
    return check_uri(document["id"], "id") if "id" in document else None


def _read(document: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in ("id", "type") or name in _OUTPUT:
            continue
        if name not in allowed:
            problem = "this cannot be said here" if name in MEMBERS else "unknown member of a Snapshot"
            raise BadRequestData(problem, where=name)
        _CHECKS[name](value, name)
        found[name] = value
    _check_endpoint(found)
    return found


def _check_endpoint(asked: Mapping[str, Any]) -> None:
    if "endpoint" in asked:
        read_endpoint({"uri": asked["endpoint"], "receiverInfo": asked.get("receiverInfo", [])})


def _check_queries(value: Any, where: str) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise BadRequestData("expected a list of queries", where=where)


def _check_priority(value: Any, where: str) -> None:
    if isinstance(value, bool) or value not in _PRIORITIES:
        raise BadRequestData("expected a whole number from 1 to 10", where=where)


def _check_lifetime(value: Any, where: str) -> None:
    if not parse_duration(value, where=where):
        raise BadRequestData("a lifetime must be longer than nothing", where=where)


def _check_text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise BadRequestData("expected a URI", where=where)


def _check_list(value: Any, where: str) -> None:
    if not isinstance(value, list):
        raise BadRequestData("expected a list", where=where)


_CHECKS: Final = {
    QUERIES: _check_queries,
    TEMPORAL_QUERIES: _check_queries,
    "snapshotLifetime": _check_lifetime,
    "snapshotPriority": _check_priority,
    "endpoint": _check_text,
    "receiverInfo": _check_list,
}


# --- what is kept


def to_kept(snapshot: Snapshot) -> dict[str, Any]:
    """All of a snapshot as JSON."""
    return {"tenant": snapshot.tenant, "asked": dict(snapshot.asked), **snapshot.document()}


def from_kept(kept: Mapping[str, Any]) -> Snapshot:
    """The inverse of ``to_kept``."""
    results = {
        name: tuple(Result(Status(one["resultStatus"]), one.get("problemDetails")) for one in kept[details])
        for name, details in _DETAILS.items()
        if details in kept
    }
    created, modified, expires = (_time(kept[name]) for name in ("createdAt", "modifiedAt", "expiresAt"))
    return Snapshot(
        id=kept["id"],
        tenant=kept["tenant"],
        asked=kept["asked"],
        created_at=created,
        modified_at=modified,
        expires_at=expires,
        status=Status(kept["snapshotStatus"]),
        results=results,
        used_at=_time(kept["lastUsedAt"]) if "lastUsedAt" in kept else None,
    )


def _time(text: str) -> datetime:
    found = find_instant(text)
    assert found is not None
    return found
