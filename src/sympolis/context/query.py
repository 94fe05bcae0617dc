"""One parsed ``Query`` value feeds every store: HTTP's long parameter list ends at the edge.

All names are expanded IRIs; all geometry is GeoJSON in WGS84. The texts (`q`, `type`, geo and temporal parameters) are
parsed by the modules beside this one: ``qlanguage``, ``typelanguage``, ``geoquery``, ``scopes``, ``ordering``,
``temporal``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TypeIs:
    """The entity has this type (expanded). Leaf of a type expression (clause 4.17)."""

    name: str


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The entity has none of these types (expanded).

    The standard's language has no word for it: what somebody may not see is kept out with it (``context.gated``). It
    stands as a whole type expression, or as a part of an ``AllOf``.
    """

    names: tuple[str, ...]


class Comparison(StrEnum):
    """Operators of the query language (clause 4.9)."""

    EXISTS = "exists"
    EQUAL = "=="
    UNEQUAL = "!="
    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="
    MATCHES = "~="
    NOT_MATCHES = "!~="


@dataclass(frozen=True, slots=True)
class ValueRange:
    """``low..high``, both ends included."""

    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Term:
    """One test of the query language.

    ``path`` is the attribute and sub-attribute names (expanded); ``inside`` the trailing path into a JSON value
    (``attr[a.b]``) or a language tag; ``operand`` a str, float, int, bool, datetime, ``ValueRange`` or a tuple of these
    (value list: any of them for ``==``).
    """

    path: tuple[str, ...]
    comparison: Comparison = Comparison.EXISTS
    operand: Any = None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedTerm:
    """A test of an entity that a relationship points to (``rel{Type:attr}``, clause 4.9).

    Stores do not see it: ``across.resolve`` puts the ids of the entities that pass in its place.
    """

    path: tuple[str, ...]
    """The relationship, as in ``Term``."""
    types: tuple[str, ...]
    """The target is of one of these; empty: of any."""
    inner: Any
    """An expression that holds for the target."""


class GeoRelation(StrEnum):
    """Relations of the geo-query language (clause 4.10)."""

    NEAR = "near"
    WITHIN = "within"
    CONTAINS = "contains"
    OVERLAPS = "overlaps"
    INTERSECTS = "intersects"
    EQUALS = "equals"
    DISJOINT = "disjoint"


@dataclass(frozen=True, slots=True)
class GeoQuery:
    """A relation between an entity's geo-property and a reference geometry; distances in metres (NEAR only)."""

    relation: GeoRelation
    geometry: Mapping[str, Any]
    property: str
    """Expanded name, usually that of ``location``."""
    min_distance_m: float | None = None
    max_distance_m: float | None = None


class TimeRelation(StrEnum):
    """Relations of the temporal query language (clause 4.11)."""

    BEFORE = "before"
    AFTER = "after"
    BETWEEN = "between"


class TimeProperty(StrEnum):
    """The time that a temporal query is about (clause 4.8)."""

    OBSERVED_AT = "observedAt"
    CREATED_AT = "createdAt"
    MODIFIED_AT = "modifiedAt"
    DELETED_AT = "deletedAt"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """``before`` excludes ``at``, ``after`` includes it, ``between`` is [at, end)."""

    relation: TimeRelation
    at: datetime
    end: datetime | None = None
    property: TimeProperty | None = TimeProperty.OBSERVED_AT
    """None: whatever time each instance stands under."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One way for an entity to be meant (EntitySelector, clause 5.2.33): everything given here holds for it."""

    types: AnyOf | AllOf | TypeIs | None = None
    ids: tuple[str, ...] = ()
    id_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One thing to order by (clause 4.23): ``id``, ``type``, ``scope``, or an expanded path as in ``Term``.

    ``distance``: by metres from the ordering's ``origin`` instead of by value.
    """

    path: tuple[str, ...]
    inside: tuple[str, ...] = ()
    descending: bool = False
    distance: bool = False


@dataclass(frozen=True, slots=True)
class Ordering:
    """In which order to give entities (clause 4.23); those that no key tells apart come in the order of their ids."""

    keys: tuple[OrderKey, ...]
    origin: Mapping[str, Any] | None = None
    """The GeoJSON geometry that distances are measured from."""
    collation: str = "und"
    """How texts compare: the language whose rules hold, ``und`` for those common to all."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to select and which page of it (clauses 4.9, 4.10, 4.17, 4.19, 4.23, 5.7.2).

    Empty fields do not restrict. Without ``ordering`` entities come in the order of their ids.
    """

    ids: tuple[str, ...] = ()
    id_pattern: str | None = None
    types: AnyOf | AllOf | TypeIs | NoneOf | None = None
    q: AnyOf | AllOf | Term | LinkedTerm | None = None
    geo: GeoQuery | None = None
    attributes: tuple[str, ...] = ()
    """Entities having at least one of these (``attrs``)."""
    limit: int = 20
    offset: int = 0
    count: bool = False
    scopes: AnyOf | AllOf | str | None = None
    """An expression of the scope query language; its leaves are scopes as written (``scopes.holds``)."""
    selectors: tuple[Selector, ...] = ()
    """Entities that at least one of these means."""
    ordering: Ordering | None = None


class Aggregation(StrEnum):
    """Methods of the aggregated temporal representation (clause 4.5.19)."""

    TOTAL_COUNT = "totalCount"
    DISTINCT_COUNT = "distinctCount"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"
    SUMSQ = "sumsq"


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which observations of the selected entities to give.

    ``last_n`` gives the newest n per series. With ``methods`` set the answer is aggregated over ``period_s`` seconds
    from the range's start (0: the whole range).
    """

    entities: Query
    range: TimeRange | None = None
    names: tuple[str, ...] = ()
    """Expanded attribute names; empty: all."""
    last_n: int | None = None
    methods: tuple[Aggregation, ...] = ()
    period_s: int = 0
    max_instances: int = 100_000
    time: TimeProperty | None = TimeProperty.OBSERVED_AT
    """Without a range: which instances, those that have this time, in its order. None: all, each at its own."""

    @property
    def by(self) -> TimeProperty | None:
        """The time that the query goes by (clause 4.11)."""
        return self.time if self.range is None else self.range.property
