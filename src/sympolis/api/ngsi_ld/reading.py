"""From an NGSI-LD request's long parameter list to two values: what to select and how to show it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from sympolis.api.http import Request
from sympolis.api.parameters import (
    BooleanParameter,
    IntegerParameter,
    ListParameter,
    Parameter,
    TimeParameter,
)
from sympolis.context import geoquery, projection, qlanguage, scopes, temporal, typelanguage
from sympolis.context.codec import Form, TemporalForm, check_entity_id
from sympolis.context.parsing import check_uri
from sympolis.context.periods import Duration
from sympolis.context.projection import Names, Projection
from sympolis.context.query import (
    Aggregation,
    HistoryQuery,
    Ordering,
    Query,
    Selector,
    TimeProperty,
    TimeRange,
)
from sympolis.context.terms import Terms
from sympolis.domain import errors

ID = ListParameter(name="id", text="Entity ids, comma-separated.", max_items=1000)
ID_PATTERN = Parameter(name="idPattern", text="A regular expression that ids match.", max_length=256)
TYPE = Parameter(
    name="type", text="Types in the type language (clause 4.17), e.g. `(Road;Street),Bridge`; `*`: any."
)
Q = Parameter(name="q", text="A query in the query language (clause 4.9), e.g. `speed>30;lanes==2`.")
ATTRS = ListParameter(
    name="attrs", text="Entities with at least one of these attributes, and only these shown."
)
PICK = Parameter(name="pick", text="Show only these members (clause 4.21).")
OMIT = Parameter(name="omit", text="Leave these members out (clause 4.21).")
GEOREL = Parameter(
    name="georel", text="Relation to the geometry, e.g. `near;maxDistance==500` (clause 4.10)."
)
GEOMETRY = Parameter(name="geometry", text="Type of the reference geometry, e.g. `Point`.", max_length=32)
COORDINATES = Parameter(
    name="coordinates", text="GeoJSON coordinates of the reference geometry.", max_length=32_768
)
GEOPROPERTY = Parameter(
    name="geoproperty", text="The GeoProperty to compare; `location` unless given.", max_length=512
)
LIMIT = IntegerParameter(
    name="limit", text="How many to give at most; 0 only with count=true.", high=1000, default=20
)
OFFSET = IntegerParameter(name="offset", text="How many to skip.", high=10_000_000)
COUNT = BooleanParameter(name="count", text="Give the total in NGSILD-Results-Count.")
OPTIONS = ListParameter(
    name="options", text="normalized, concise, keyValues or simplified; sysAttrs.", max_items=8
)
FORMAT = Parameter(name="format", text="normalized, concise, keyValues or simplified; wins over options.")
SCOPE_Q = Parameter(name="scopeQ", text="Scopes in the scope query language (clause 4.19), e.g. `/Trento/#`.")
CSF = Parameter(name="csf", text="Which context sources may answer, in the query language.")
EXPAND_VALUES = ListParameter(
    name="expandValues", text="Attributes whose values in `q` are names of the @context.", max_items=100
)
JSON_KEYS = ListParameter(
    name="jsonKeys", text="Attributes inside which `q` uses plain JSON keys; always so here.", max_items=100
)
SPLIT_ENTITIES = BooleanParameter(
    name="splitEntities", text="Whether parts of an entity may be in different sources."
)
DATASET_ID = ListParameter(
    name="datasetId", text="Only instances of these datasets; `@none` is the default one.", max_items=100
)
ORDER_BY = ListParameter(name="orderBy", text="What to order by, e.g. `id;desc`.", max_items=8)
LANG = Parameter(name="lang", text="Languages wanted of LanguageProperties, ranked.", max_length=256)
LOCAL = BooleanParameter(name="local", text="Only what this twin holds itself; always so here.")
GEOMETRY_PROPERTY = Parameter(
    name="geometryProperty", text="The GeoProperty that becomes a feature's geometry.", max_length=512
)
TIMEREL = Parameter(name="timerel", text="Temporal relation.", choices=("before", "after", "between"))
TIME_AT = TimeParameter(name="timeAt", text="The time it refers to.")
END_TIME_AT = TimeParameter(name="endTimeAt", text="The end of `between`, excluded.")
TIMEPROPERTY = Parameter(
    name="timeproperty",
    text="Which time is meant; observedAt unless given.",
    choices=("observedAt", "createdAt", "modifiedAt", "deletedAt"),
)
LAST_N = IntegerParameter(
    name="lastN", text="Only the newest n instances of each attribute.", low=1, high=100_000
)
AGGR_METHODS = ListParameter(
    name="aggrMethods", text="Aggregations of the aggregated representation.", max_items=8
)
AGGR_PERIOD = Parameter(
    name="aggrPeriodDuration", text="ISO 8601 duration of one bucket; PT0S: one.", max_length=64
)

UPSERT_OPTIONS = ListParameter(
    name="options", text="replace (what is there) or update (its attributes).", max_items=2
)

ENTITIES = "entities"
"""Selectors of different kinds, as JSON: only a query in a body can have them."""

PAGING = (LIMIT, OFFSET, COUNT)
SHAPE = (ATTRS, PICK, OMIT, LANG, DATASET_ID, OPTIONS, FORMAT, LOCAL)
SELECTION = (
    ID,
    ID_PATTERN,
    TYPE,
    Q,
    SCOPE_Q,
    GEOREL,
    GEOMETRY,
    COORDINATES,
    GEOPROPERTY,
    CSF,
    EXPAND_VALUES,
    JSON_KEYS,
)
TEMPORAL = (TIMEREL, TIME_AT, END_TIME_AT, TIMEPROPERTY, LAST_N, AGGR_METHODS, AGGR_PERIOD)

_CORE_MEMBERS = ("id", "type", "scope")
_FORMS = {
    "normalized": Form.NORMALIZED,
    "concise": Form.CONCISE,
    "keyValues": Form.KEY_VALUES,
    "simplified": Form.KEY_VALUES,
}
_FORM_NAMES = tuple(_FORMS)
_TEMPORAL_FORMS = tuple(TemporalForm)


@dataclass(frozen=True, slots=True)
class Shape:
    """How an entity is shown; ``attrs``, ``pick`` and ``omit`` have names as the client wrote them."""

    form: Form = Form.NORMALIZED
    temporal: TemporalForm = TemporalForm.NORMALIZED
    sys_attrs: bool = False
    attrs: tuple[str, ...] = ()
    pick: Names = field(default_factory=dict)
    omit: Names = field(default_factory=dict)
    lang: str | None = None
    datasets: frozenset[str | None] = frozenset()
    """The datasets to show, None for the default one; empty: all."""

    @property
    def shown(self) -> Names:
        """The members to show; empty: all."""
        return self.pick or (dict.fromkeys(("id", "type", "scope", *self.attrs)) if self.attrs else {})

    def projection(self, terms: Terms) -> Projection:
        """Which members are shown, of the entities and of those they link to. Raises ``BadRequestData``."""
        return projection.project(self.shown, self.omit, terms)


PLAIN = Shape()


def read_query(
    request: Request, terms: Terms, *, limit: int | None = None, ordering: Ordering | None = None
) -> Query:
    """The entities to select (clause 5.7.2). Raises ``InvalidRequest`` or ``BadRequestData``.

    ``limit`` is asked of the store instead of the request's (one more shows whether there is a next page).
    """
    query = Query(
        ids=tuple(check_entity_id(one) for one in ID.of(request)),
        id_pattern=_pattern(ID_PATTERN.raw(request)),
        types=_types(TYPE.raw(request), terms),
        q=_q(request, terms),
        geo=_geo(request, terms),
        attributes=tuple(terms.expand(name) for name in ATTRS.of(request)),
        limit=LIMIT.of(request) if limit is None else limit,
        offset=OFFSET.of(request),
        count=COUNT.of(request),
        scopes=_scopes(request),
        selectors=_selectors(request, terms),
        ordering=ordering,
    )
    restricted = query.types or query.q or query.geo or query.attributes
    if not restricted and not LOCAL.of(request) and TYPE.raw(request) != "*":
        raise errors.BadRequestData(
            "a query needs at least one of type, attrs, q and georel",
            where="query",
            hint="or ask with local=true",
        )
    if query.limit == 0 and not query.count:
        raise errors.InvalidRequest("limit=0 makes sense only with count=true", where="limit")
    return query


def read_history(
    request: Request, terms: Terms, entities: Query, shape: Shape, page_size: int, *, required: bool
) -> HistoryQuery:
    """Which observations to give (clause 5.7.4); ``required``: a temporal relation must be given."""
    if TIMEREL.raw(request) is None and required:
        raise errors.BadRequestData("a temporal query needs timerel and timeAt", where="timerel")
    methods = tuple(_method(name) for name in AGGR_METHODS.of(request))
    aggregated = shape.temporal is TemporalForm.AGGREGATED_VALUES
    if methods and not aggregated:
        raise errors.BadRequestData("aggrMethods needs format=aggregatedValues", where="aggrMethods")
    names = shape.attrs or tuple(name for name in shape.pick if name not in _CORE_MEMBERS)
    return HistoryQuery(
        entities=replace(entities, attributes=()),  # whose history has them is what `names` says
        range=_range(request),
        names=tuple(terms.expand(name) for name in names),
        last_n=LAST_N.of(request) or None,
        methods=methods,
        period_s=0 if (period := read_calendar_period(request)).months else period.seconds,
        max_instances=page_size,
        time=_time(request),
    )


def _time(request: Request) -> TimeProperty | None:
    """The time that instances go by without a range: without ``lastN`` either, each goes by its own (5.7.3)."""
    about = TIMEPROPERTY.raw(request)
    if about is not None:
        return TimeProperty(about)
    return TimeProperty.OBSERVED_AT if LAST_N.of(request) else None


def read_calendar_period(request: Request) -> Duration:
    """How long each period of an aggregation is (clause 4.5.19); empty: as long as the range."""
    return temporal.parse_calendar_period(AGGR_PERIOD.raw(request))


def _range(request: Request) -> TimeRange | None:
    if TIMEREL.raw(request) is None:
        if TIME_AT.raw(request) or END_TIME_AT.raw(request):
            raise errors.BadRequestData("timeAt and endTimeAt need timerel", where="timerel")
        return None
    return temporal.parse_range(
        TIMEREL.raw(request), TIME_AT.raw(request), END_TIME_AT.raw(request), TIMEPROPERTY.raw(request)
    )


def read_id_order(request: Request) -> bool:
    """Whether a temporal query wants descending ids: nothing else can order it (clauses 4.23, 5.7.4)."""
    words = ORDER_BY.of(request)
    if not words:
        return False
    name, _, direction = words[0].partition(";")
    if len(words) > 1 or name != "id":
        raise errors.BadRequestData("a temporal query is ordered by id only", where=ORDER_BY.name)
    if direction not in ("", "asc", "desc"):
        raise errors.InvalidRequest("expected asc or desc", where=ORDER_BY.name)
    return direction == "desc"


def read_shape(request: Request) -> Shape:
    """How to show entities (clauses 4.21, 6.3.7, 6.3.11). Raises ``InvalidRequest`` or ``BadRequestData``."""
    return request.parameters.once("shape", lambda: _read_shape(request))


def _read_shape(request: Request) -> Shape:
    if not request.parameters:
        return PLAIN
    form = _wanted_form(request, _FORM_NAMES)
    return _read_projection(request, form=_FORMS[form])


def read_temporal_shape(request: Request) -> Shape:
    """How to show temporal evolutions (clauses 4.5.7-4.5.9, 4.5.19)."""
    return request.parameters.once("temporal shape", lambda: _read_temporal_shape(request))


def _read_temporal_shape(request: Request) -> Shape:
    form = TemporalForm(_wanted_form(request, _TEMPORAL_FORMS))
    if form is TemporalForm.AGGREGATED_VALUES and not AGGR_METHODS.of(request):
        raise errors.BadRequestData("aggregatedValues needs aggrMethods", where="aggrMethods")
    shape = _read_projection(request, temporal=form)
    if any(inner is not None for inner in (*shape.pick.values(), *shape.omit.values())):
        raise errors.BadRequestData("an evolution does not lead to linked entities", where="pick, omit")
    return shape


def _wanted_form(request: Request, allowed: tuple[str, ...]) -> str:
    options = OPTIONS.of(request)
    for option in options:
        if option != "sysAttrs" and option not in allowed:
            raise errors.InvalidRequest(
                f"unknown value; known are {', '.join(allowed)}, sysAttrs", where="options"
            )
    form = FORMAT.raw(request) or next((option for option in options if option != "sysAttrs"), "normalized")
    if form not in allowed:
        raise errors.InvalidRequest(f"unknown value; known are {', '.join(allowed)}", where="format")
    return form


def _read_projection(
    request: Request, *, form: Form = Form.NORMALIZED, temporal: TemporalForm = TemporalForm.NORMALIZED
) -> Shape:
    attrs, pick, omit = ATTRS.of(request), _members(PICK, request), _members(OMIT, request)
    if attrs and (pick or omit):
        raise errors.BadRequestData("attrs cannot be combined with pick or omit", where="attrs")
    if both := [name for name, inner in omit.items() if inner is None and name in pick]:
        raise errors.BadRequestData("picked and omitted at once", where=", ".join(sorted(both)))
    sys_attrs = "sysAttrs" in OPTIONS.of(request)
    return Shape(
        form=form,
        temporal=temporal,
        sys_attrs=sys_attrs,
        attrs=attrs,
        pick=pick,
        omit=omit,
        lang=LANG.raw(request),
        datasets=frozenset(_dataset(one) for one in DATASET_ID.of(request)),
    )


def _dataset(text: str) -> str | None:
    return None if text == "@none" else check_uri(text, DATASET_ID.name)


def _members(parameter: Parameter, request: Request) -> Names:
    text = parameter.raw(request)
    return {} if text is None else projection.parse(text, parameter.name)


def _pattern(text: str | None) -> str | None:
    return None if text is None else qlanguage.check_pattern(text, where="idPattern")


def _types(text: str | None, terms: Terms) -> Any:
    return None if text is None else typelanguage.parse(text, terms)


def _scopes(request: Request) -> Any:
    """A plus sign as it stands in a URL has become a blank, which no scope has."""
    text = SCOPE_Q.raw(request)
    return None if text is None else scopes.parse(text.replace(" ", "+"))


def _selectors(request: Request, terms: Terms) -> tuple[Selector, ...]:
    text = request.parameters.get(ENTITIES)
    return () if text is None else tuple(_selector(one, terms) for one in msgspec.json.decode(text))


def _selector(one: dict[str, Any], terms: Terms) -> Selector:
    ids = one.get("id", ())
    return Selector(
        types=_types(one["type"], terms),
        ids=tuple(check_entity_id(found) for found in ([ids] if isinstance(ids, str) else ids)),
        id_pattern=_pattern(one.get("idPattern")),
    )


def _q(request: Request, terms: Terms) -> Any:
    if (csf := CSF.raw(request)) is not None:
        qlanguage.parse(csf, terms, parameter=CSF.name)
    if (text := Q.raw(request)) is None:
        return None
    return qlanguage.parse(text, terms, expanding=EXPAND_VALUES.of(request))


def _geo(request: Request, terms: Terms) -> Any:
    georel, geometry, coordinates = GEOREL.raw(request), GEOMETRY.raw(request), COORDINATES.raw(request)
    name = GEOPROPERTY.raw(request)
    if georel is None:
        if geometry is not None or coordinates is not None or name is not None:
            raise errors.BadRequestData("a geo-query needs georel, geometry and coordinates", where="georel")
        return None
    if geometry is None or coordinates is None:
        raise errors.BadRequestData("a geo-query needs georel, geometry and coordinates", where="geometry")
    return geoquery.parse(georel, geometry, coordinates, name, terms)


def _method(name: str) -> Aggregation:
    try:
        return Aggregation(name)
    except ValueError:
        known = ", ".join(Aggregation)
        raise errors.InvalidRequest(f"unknown aggregation; known are {known}", where="aggrMethods") from None
