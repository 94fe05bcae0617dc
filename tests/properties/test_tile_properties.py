"""Points drawn together show what points drawn one by one show: the same features in the same order."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.api.ogc import many_points, mvt, tiling
from sympolis.api.ogc.tiling import TileAddress, draw
from sympolis.context.documents import DocumentForm
from sympolis.context.patches import Patchwork
from sympolis.context.rendering import LOCATION
from sympolis.context.terms import core_terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores import patches
from sympolis.stores.bodies import encode_entity
from sympolis.stores.documents import document_writer

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that is busy with other things, too."""
KIND = "https://example.org/Asset"
HERE = TileAddress(14, 5927, 8708)
WEST, SOUTH, EAST, NORTH = HERE.bounds()
NAMES = ("kind", "val", "two words", "è", "location")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 2**62, -(2**63), 2**63, 2**70, -(2**70), 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.text(min_size=120, max_size=140, alphabet="aè"),
)
VALUES = (
    SCALARS
    | st.lists(st.integers(0, 2), max_size=2)
    | st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=1)
)
PLACES = st.tuples(
    st.floats(WEST - 0.001, EAST + 0.001, allow_nan=False),
    st.floats(SOUTH - 0.001, NORTH + 0.001, allow_nan=False),
)


def properties() -> st.SearchStrategy[dict[str, Any]]:
    """What features of one collection have: most of them values of one kind."""
    return st.fixed_dictionaries(
        {"type": st.just("Asset")}, optional={name: VALUES for name in NAMES[:3]}
    ) | st.fixed_dictionaries(
        {"type": st.just("Asset"), "kind": st.sampled_from(["a", "b"]), "val": st.floats(-9, 9)},
        optional={name: SCALARS for name in NAMES[3:]},
    )


@UNHURRIED
@given(st.lists(st.tuples(PLACES, properties()), min_size=1, max_size=12))
def test_together_and_one_by_one(things: list[tuple[tuple[float, float], dict[str, Any]]]) -> None:
    documents = [document(number, *thing) for number, thing in enumerate(things)]
    alone = mvt.Layer("Assets", hidden=tiling._NOT_SHOWN)
    tiling._draw_each(alone, HERE, documents)
    points = many_points.read(documents, tiling._NOT_SHOWN)
    if points is None:
        return
    together = mvt.Layer("Assets", hidden=tiling._NOT_SHOWN)
    places, near = tiling._placed(HERE, points.positions)
    many_points.add(together, places[near], points.select(near))
    assert features(mvt.tile([together])) == features(mvt.tile([alone]))


@UNHURRIED
@given(st.lists(st.tuples(PLACES, st.floats(-9, 9), st.text(max_size=3)), min_size=1, max_size=300))
def test_the_usual_is_drawn_together(things: list[tuple[tuple[float, float], float, str]]) -> None:
    documents = [
        document(
            number, place, {"type": "Asset", "val": number_, "kind": kind, "location": {"type": "Point"}}
        )
        for number, (place, number_, kind) in enumerate(things)
    ]
    assert many_points.read(documents, tiling._NOT_SHOWN) is not None


KEPT = st.fixed_dictionaries(
    {},
    optional={name: VALUES for name in ("a", "b")} | {"c": st.floats(-9, 9)} | {"d": st.integers(-3, 2**60)},
) | st.fixed_dictionaries(
    {"a": st.text(max_size=130), "b": st.floats(-9, 9)}, optional={"c": st.integers(0, 300), "e": SCALARS}
)


@UNHURRIED
@given(st.lists(st.lists(st.tuples(PLACES, KEPT), max_size=9), min_size=1, max_size=4))
def test_patches_and_one_by_one(places: list[list[tuple[tuple[float, float], dict[str, Any]]]]) -> None:
    numbers = itertools.count()
    patched = [[stored(next(numbers), *thing) for thing in things] for things in places]
    kept = [
        patches.read(patches.packed(b"[%b]" % b",".join(map(encode_entity, some)), KIND)) for some in patched
    ]
    assert not any(one.odd for one in kept)
    writer = document_writer(core_terms(), DocumentForm.FEATURE)
    names = writer.names((KIND,), patches.names_of([one.patch for one in kept]))
    assert names is not None
    documents = [writer.write(encode_entity(one)) for some in patched for one in some]
    west, south, east, north = HERE.bounds(tiling.MARGIN)
    inside = [
        one
        for one in documents
        for x, y in [msgspec.json.decode(one)["geometry"]["coordinates"][:2]]
        if west <= x <= east and south <= y <= north
    ]
    found = tiling.draw_patches(HERE, "Assets", Patchwork([one.patch for one in kept], [], names))
    assert found.total == len(inside) == len(found.marks)
    alone = mvt.Layer("Assets", hidden=tiling._NOT_SHOWN)
    tiling._draw_each(alone, HERE, inside)
    assert told(mvt.tile([found.layer])) == told(mvt.tile([alone]))
    beside = tiling.draw_patches(
        HERE, "Assets", Patchwork([kept[0].patch], documents[len(patched[0]) :], names)
    )
    assert told(mvt.tile([beside.layer])) == told(mvt.tile([alone]))


def stored(number: int, place: tuple[float, float], values: dict[str, Any]) -> Entity:
    """An entity with these values, and a place."""
    found = {
        f"{KIND}/{name}": (Attribute(AttributeKind.PROPERTY, value),)
        for name, value in values.items()
        if value is not None
    }
    position = [*place, 3.5] if number % 5 == 4 else list(place)
    location = Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": position})
    return Entity(f"urn:x:{number}", (KIND,), {**found, LOCATION: (location,)})


def told(tile: bytes) -> list[Any]:
    """The features of a tile in an order of their own, their properties by name."""
    return sorted((kind, sorted(named.items()), geometry) for kind, named, geometry in features(tile))


@pytest.mark.parametrize(
    "odd",
    [
        {"geometry": {"type": "LineString", "coordinates": [[WEST, SOUTH], [EAST, NORTH]]}},
        {"properties": {"type": "Asset", "n": 1, "unheard": 2}},
        {"properties": {"type": "Asset", "n": {"a": 1}}},
    ],
)
def test_one_that_is_different_is_drawn_as_well(odd: dict[str, Any]) -> None:
    place = ((WEST + EAST) / 2, (SOUTH + NORTH) / 2)
    documents = [document(number, place, {"type": "Asset", "n": number}) for number in range(200)]
    documents[101] = msgspec.json.encode({**msgspec.json.decode(documents[101]), **odd})
    found = features(mvt.tile([draw(HERE, "Assets", documents)]))
    assert sorted(one[1]["id"] for one in found) == sorted(f'"urn:x:{number}"' for number in range(200))
    assert len({str(sorted(one[1])) for one in found}) == 1 + ("unheard" in odd.get("properties", ()))


def document(number: int, place: tuple[float, float], more: dict[str, Any]) -> bytes:
    geometry = {"type": "Point", "coordinates": [*place, 3.5] if number % 5 == 4 else place}
    return msgspec.json.encode(
        {"id": f"urn:x:{number}", "type": "Feature", "geometry": geometry, "properties": more}
    )


# --- reading a tile, as the standard describes it (Mapbox Vector Tile 2.1, section 4)


def features(tile: bytes) -> list[tuple[int, dict[str, str], list[int]]]:
    """Kind, properties (values as Python shows them) and commands of each feature of a tile of one layer."""
    if not tile:
        return []
    [layer] = [content for _, content in fields(tile)]
    keys = [content.decode() for tag, content in fields(layer) if tag == 3]
    values = [value(content) for tag, content in fields(layer) if tag == 4]
    assert len(set(keys)) == len(keys)
    return [feature(content, keys, values) for tag, content in fields(layer) if tag == 2]


def feature(message: bytes, keys: list[str], values: list[str]) -> tuple[int, dict[str, str], list[int]]:
    found = dict(fields(message))
    tags = list(varints(found[2]))
    named = {keys[key]: values[place] for key, place in zip(tags[::2], tags[1::2], strict=True)}
    assert list(found) == [2, 3, 4] and len(named) == len(tags) // 2
    return found[3], named, list(varints(found[4]))


def value(message: bytes) -> str:
    [(tag, content)] = fields(message)
    if tag == 1:
        return f'"{content.decode()}"'
    return f"{tag} {struct.unpack('<d', content)[0] if tag == 3 else content!r}"


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    place = 0
    while place < len(message):
        head, place = varint(message, place)
        content: Any
        if head & 7 == 0:
            content, place = varint(message, place)
        else:
            length, place = (8, place) if head & 7 == 1 else varint(message, place)
            content, place = message[place : place + length], place + length
            assert len(content) == length
        yield head >> 3, content


def varints(message: bytes) -> Iterator[int]:
    place = 0
    while place < len(message):
        number, place = varint(message, place)
        yield number


def varint(message: bytes, place: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        found |= (message[place] & 127) << shift
        shift += 7
        place += 1
        if message[place - 1] < 128:
            return found, place
