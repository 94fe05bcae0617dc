"""The ordering of entities (clause 4.23): ``orderBy`` and its companions to an ``Ordering``, and what that means.

Values of different kinds come in the order number, text, object, array, truth, time, date, date-time, null, nothing;
``desc`` turns all of this around. Of several instances of an attribute the default one counts, else the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.context import collation, geometry
from sympolis.context.core_context import NGSI_LD
from sympolis.context.evaluate import values_along
from sympolis.context.geojson import check_geometry, is_geometry
from sympolis.context.instants import find_instant
from sympolis.context.query import Ordering, OrderKey
from sympolis.context.terms import Terms
from sympolis.domain.entity import Entity
from sympolis.domain.errors import BadRequestData, InvalidRequest, NotImplementedHere
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
else:
    np = later("numpy")

MOST_KEYS: Final = 8
ENTITY_MEMBERS: Final = frozenset({"id", "type", "scope"})
_KEY = re.compile(
    r"(?P<path>[^\s;,\[\]{}\"]+)(?:\[(?P<inside>[^\s;,\[\]{}\"]+)\])?(?:;(?P<direction>[a-z-]+))?"
)
_PORTION: Final = 1000
"""So many entities are put in order at once, at least."""
_DIRECTIONS: Final = {
    None: (False, False),
    "asc": (False, False),
    "desc": (True, False),
    "dist-asc": (False, True),
    "dist-desc": (True, True),
}
_HINT = "for example speed;desc,name or location;dist-asc with orderFrom=[11.34,44.49]"


def parse(
    words: Sequence[str],
    terms: Terms,
    *,
    coordinates: Any = None,
    geometry_type: str | None = None,
    language: str | None = None,
) -> Ordering | None:
    """The ordering that ``orderBy`` (its words), ``orderFrom``, ``orderGeometry`` and ``collation`` ask for.

    Raises ``BadRequestData``, ``InvalidRequest``, or ``NotImplementedHere`` for a language whose rules are not known.
    """
    keys = tuple(_key(word, terms) for word in words)
    if len(keys) > MOST_KEYS:
        raise InvalidRequest(f"more than {MOST_KEYS} things to order by", where="orderBy")
    origin = _origin(coordinates, geometry_type)
    if origin is None and any(key.distance for key in keys):
        raise BadRequestData("a distance needs a place to measure from", where="orderFrom", hint=_HINT)
    return Ordering(keys, origin, _collation(language)) if keys else None


def _key(word: str, terms: Terms) -> OrderKey:
    found = _KEY.fullmatch(word)
    if found is None:
        raise BadRequestData(f"cannot order by {word!r}", where="orderBy", hint=_HINT)
    if found["direction"] not in _DIRECTIONS:
        raise InvalidRequest(f"unknown direction {found['direction']!r}", where="orderBy", hint=_HINT)
    descending, distance = _DIRECTIONS[found["direction"]]
    inside = tuple(found["inside"].split(".")) if found["inside"] else ()
    return OrderKey(_path(found["path"], terms), inside, descending, distance)


def _path(text: str, terms: Terms) -> tuple[str, ...]:
    if text in ENTITY_MEMBERS:
        return (text,)
    if "://" in text or text.startswith("urn:"):
        return (text,)
    names: list[str] = []
    for name in text.split("."):
        names.append(terms.expand(name))
        terms = terms.within(name)
    return tuple(names)


def _origin(coordinates: Any, geometry_type: str | None) -> Any:
    if coordinates is None:
        if geometry_type is not None:
            raise BadRequestData("a geometry needs coordinates", where="orderFrom", hint=_HINT)
        return None
    if isinstance(coordinates, str | bytes):
        try:
            coordinates = msgspec.json.decode(coordinates)
        except msgspec.DecodeError as error:
            raise BadRequestData(f"this is not JSON: {error}", where="orderFrom", hint=_HINT) from error
    shape = {"type": geometry_type or "Point", "coordinates": coordinates}
    return check_geometry(shape, where="orderFrom")


def _collation(language: str | None) -> str:
    if language is None:
        return collation.ROOT
    if not collation.is_known(language):
        raise NotImplementedHere(
            f"texts cannot be ordered by the rules of {language!r} yet", where="collation"
        )
    return language


def arrange(entities: Iterable[Entity], ordering: Ordering | None) -> list[Entity]:
    """The entities in the order wanted. Needs all of them: an order is known only when nothing is missing."""
    found = sorted(entities, key=lambda entity: entity.id)
    for key in reversed(ordering.keys if ordering is not None else ()):
        assert ordering is not None
        ranks = (
            _distances(found, key, ordering.origin)
            if key.distance
            else [_rank(one, key, ordering.collation) for one in found]
        )
        # Sorting keeps the order of equals, also in reverse: that of the keys after this one.
        places = sorted(range(len(found)), key=ranks.__getitem__, reverse=key.descending)
        found = [found[place] for place in places]
    return found


class Foremost:
    """The first so many of a long row of entities, in order, without holding on to the others.

    With each entity goes something of the caller's, such as its body as it is stored. ``total`` counts them all.
    """

    def __init__(self, ordering: Ordering, most: int) -> None:
        self._ordering = ordering
        self._most = most
        self._room = max(_PORTION, most)
        self._entities: list[Entity] = []
        self._items: dict[str, Any] = {}
        self.total = 0

    def add(self, entity: Entity, item: Any) -> None:
        """One more entity; each comes once."""
        self.total += 1
        self._entities.append(entity)
        self._items[entity.id] = item
        if len(self._entities) >= self._most + self._room:
            self._settle()

    def items(self) -> list[Any]:
        """What came with the first of them, in order."""
        self._settle()
        return [self._items[entity.id] for entity in self._entities]

    def _settle(self) -> None:
        self._entities = arrange(self._entities, self._ordering)[: self._most]
        self._items = {entity.id: self._items[entity.id] for entity in self._entities}


# --- by distance


def _distances(entities: Sequence[Entity], key: OrderKey, origin: Any) -> list[Any]:
    """Metres to each entity's nearest such geometry; infinitely far where there is none."""
    shapes = [(place, shape) for place, one in enumerate(entities) for shape in _shapes(one, key)]
    found = np.full(len(entities), np.inf)
    [reference] = geometry.from_geojson([origin])
    distances = geometry.distance_m(geometry.from_geojson([shape for _, shape in shapes]), reference)
    np.minimum.at(found, np.array([place for place, _ in shapes], dtype=int), distances)
    return found.tolist()


def _shapes(entity: Entity, key: OrderKey) -> Iterator[Any]:
    return (value for value in values_along(entity, key.path) if is_geometry(value))


# --- by value

_NUMBER, _TEXT, _OBJECT, _ARRAY, _TRUTH, _TIME, _DATE, _DATE_TIME, _NULL, _NOTHING = range(10)
_TYPED: Final = {"Time": _TIME, "Date": _DATE, "DateTime": _DATE_TIME}


def _rank(entity: Entity, key: OrderKey, language: str) -> tuple[Any, ...]:
    if key.path[0] in ENTITY_MEMBERS:
        return _member_rank(entity, key.path[0])
    for value in values_along(entity, key.path, key.inside):
        return rank(value, language)
    return (_NOTHING,)


def _member_rank(entity: Entity, name: str) -> tuple[Any, ...]:
    if name == "id":
        return (_TEXT, collation.collation_key(entity.id))
    words = sorted(entity.types if name == "type" else entity.scope)
    return (_TEXT, tuple(map(collation.collation_key, words))) if words else (_NOTHING,)


def rank(value: Any, language: str = collation.ROOT) -> tuple[Any, ...]:
    """What to compare instead of a value, with texts by the rules of ``language``."""
    if isinstance(value, bool):
        return (_TRUTH, value)
    if isinstance(value, int | float):
        return (_NUMBER, value)
    if isinstance(value, str):
        return (_TEXT, collation.collation_key(value, language))
    if isinstance(value, datetime):
        return (_DATE_TIME, value)
    if isinstance(value, list | tuple):
        return (_ARRAY, tuple(rank(part, language) for part in value))
    return (_NULL,) if value is None else _object_rank(value, language)


def _object_rank(value: Any, language: str) -> tuple[Any, ...]:
    kind = _TYPED.get(str(value.get("@type", "")).removeprefix(NGSI_LD))
    text = value.get("@value")
    if kind is None or not isinstance(text, str):
        return (_OBJECT, msgspec.json.encode(value, order="sorted"))
    if kind is _DATE_TIME:
        at = find_instant(text)
        return (_TEXT, collation.collation_key(text, language)) if at is None else (kind, at)
    return (kind, text)
