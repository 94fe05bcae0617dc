"""A dashboard that somebody put together in the browser: tiles in an order, each bound to one thing of the twin.

It holds no values: a tile names an indicator, a figure, a series, a layer or a forecast, and whoever looks at it asks
the twin for that thing with their own rights. So a dashboard that is shared never shows more than its reader may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

MOST_TILES: Final = 24
COLUMNS: Final = 4
"""The widest tile spans all of them; on a phone there is one."""
ROWS: Final = 4
MOST_TITLE: Final = 160
MOST_TEXT: Final = 4000
MOST_DAYS: Final = 3660
_LANGUAGES: Final = 12

Name = Annotated[str, msgspec.Meta(max_length=256)]
Key = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,63}\Z")]


class TileKind(StrEnum):
    """What a tile shows."""

    INDICATOR = "indicator"
    FIGURE = "figure"
    SERIES = "series"
    MAP = "map"
    FORECAST = "forecast"
    ALERTS = "alerts"
    TEXT = "text"


class Visibility(StrEnum):
    """Who sees a dashboard besides its owner: nobody, all who read results, or whoever has the address."""

    DRAFT = "draft"
    SHARED = "shared"
    PUBLIC = "public"


class ComposedTile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One tile: ``kind`` and what it is bound to; ``width`` in columns, ``height`` in rows."""

    id: Key
    kind: TileKind
    title: Mapping[str, str] = {}
    """Its own heading; without one it bears the title of what it shows."""
    width: Annotated[int, msgspec.Meta(ge=1, le=COLUMNS)] = 1
    height: Annotated[int, msgspec.Meta(ge=1, le=ROWS)] = 1
    indicator: Name = ""
    dashboard: Name = ""
    figure: Name = ""
    """A figure of a dashboard that the city declares."""
    layer: Name = ""
    field: Name = ""
    feature: Name = ""
    """The id of the feature whose series is drawn, or whose forecast."""
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = 30
    """How much of a series is drawn, counted back from its last value."""
    forecast: Name = ""
    text: Mapping[str, str] = {}


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people write of a dashboard."""

    title: Mapping[str, str]
    question: Mapping[str, str] = {}
    visibility: Visibility = Visibility.DRAFT
    tiles: tuple[ComposedTile, ...] = ()


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """A kept dashboard; every change is a ``version`` of its own, counted from 1."""

    id: str
    version: int
    title: Mapping[str, str]
    question: Mapping[str, str] = {}
    visibility: Visibility = Visibility.DRAFT
    tiles: tuple[ComposedTile, ...] = ()
    owner: str
    """The account that made it."""
    created_at: datetime
    modified_at: datetime
    modified_by: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What tiles can be bound to here."""

    indicators: frozenset[str] = frozenset()
    figures: frozenset[tuple[str, str]] = frozenset()
    """Pairs of dashboard and figure."""
    layers: Mapping[str, frozenset[str]] = {}
    """Layer → its fields."""
    forecasts: frozenset[str] = frozenset()


def mistakes(draft: Draft, known: Known) -> Iterator[tuple[str, str]]:
    """Where a draft cannot be kept, and why: (place, message)."""
    yield from _texts("title", draft.title, MOST_TITLE, needed=True)
    yield from _texts("question", draft.question, MOST_TITLE * 2)
    if len(draft.tiles) > MOST_TILES:
        yield "tiles", f"at most {MOST_TILES} tiles"
    ids = [one.id for one in draft.tiles]
    if len(set(ids)) < len(ids):
        yield "tiles", "two tiles have the same id"
    for i, tile in enumerate(draft.tiles[:MOST_TILES]):
        for where, message in _of_tile(tile, known):
            yield f"tiles[{i}].{where}", message


def _of_tile(tile: ComposedTile, known: Known) -> Iterator[tuple[str, str]]:
    yield from _texts("title", tile.title, MOST_TITLE)
    yield from _texts("text", tile.text, MOST_TEXT, needed=tile.kind is TileKind.TEXT)
    bound = _BINDING.get(tile.kind, ())
    for name in _ALL_BINDINGS - set(bound):
        if getattr(tile, name):
            yield name, f"a tile of kind {tile.kind} has none"
    yield from _unknown(tile, known)


_BINDING: Final[Mapping[TileKind, tuple[str, ...]]] = {
    TileKind.INDICATOR: ("indicator",),
    TileKind.FIGURE: ("dashboard", "figure"),
    TileKind.SERIES: ("layer", "field", "feature"),
    TileKind.MAP: ("layer", "field"),
    TileKind.FORECAST: ("forecast", "feature"),
}
_ALL_BINDINGS: Final = frozenset(name for names in _BINDING.values() for name in names)


def _unknown(tile: ComposedTile, known: Known) -> Iterator[tuple[str, str]]:
    """What a tile is bound to and the twin does not have. Features come and go: they are not looked up."""
    if tile.kind is TileKind.INDICATOR and tile.indicator not in known.indicators:
        yield "indicator", f"there is no indicator {tile.indicator[:60]!r}"
    if tile.kind is TileKind.FIGURE and (tile.dashboard, tile.figure) not in known.figures:
        yield "figure", f"there is no figure {tile.figure[:60]!r} in {tile.dashboard[:60]!r}"
    if tile.kind is TileKind.FORECAST and tile.forecast not in known.forecasts:
        yield "forecast", f"there is no forecast {tile.forecast[:60]!r}"
    if tile.kind in (TileKind.SERIES, TileKind.MAP):
        yield from _unknown_layer(tile, known)
    if tile.kind in (TileKind.SERIES, TileKind.FORECAST) and not tile.feature:
        yield "feature", "is missing"


def _unknown_layer(tile: ComposedTile, known: Known) -> Iterator[tuple[str, str]]:
    fields = known.layers.get(tile.layer)
    if fields is None:
        yield "layer", f"there is no layer {tile.layer[:60]!r}"
    elif (tile.field or tile.kind is TileKind.SERIES) and tile.field not in fields:
        yield "field", f"{tile.layer} has no field {tile.field[:60]!r}"


def _texts(
    where: str, texts: Mapping[str, str], most: int, *, needed: bool = False
) -> Iterator[tuple[str, str]]:
    if needed and not any(text.strip() for text in texts.values()):
        yield where, "is missing"
    if len(texts) > _LANGUAGES or any(not 2 <= len(tag) <= 8 for tag in texts):
        yield where, "expected a text by language, such as en"
    if any(len(text) > most for text in texts.values()):
        yield where, f"at most {most} characters"
