"""What a city declares about a dashboard (``dashboards/<id>.toml``): figures, where they come from, how to show them.

A figure is bound to exactly one thing: a value of an entity, a sum over entities, a statistic of what was observed over
a period, another figure times a factor, or an indicator of a model. A tile names a kind of chart and the figures in it;
neither knows of any subject or city.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sympolis.domain.measure import Direction
from sympolis.domain.reading import Texts, option

STATISTICS: Final = ("mean", "max", "min", "sum", "days_above")
DAYS: Final = ("mean", "max", "min", "sum", "max_8h")
PAGES: Final = ("map", "services", "forecasts", "scenarios", "sources", "stories", "models", "atlas", "plan")
"""Pages of the interface that a tile may lead to."""
TERM: Final = "[A-Za-z][A-Za-z0-9_]*"
"""A short name of the city's context."""
NAME: Final = "[a-z0-9]+(-[a-z0-9]+)*"
CHARTS: Final = ("kpi", "bars", "compare", "limits", "residuals", "peers", "trend", "findings")
"""``kpi``: one figure with its interval and source. ``bars``: figures beside one another. ``compare``: ways to one
figure. ``limits``: figures on one axis with what they are held against. ``residuals``: official figure, ours,
difference, why. ``peers``: other places. ``trend``: past and target path. ``findings``: what the data contradict or
lack."""


def _zone(name: str) -> str | None:
    if not name:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"there is no time zone {name!r}"
    return None


@dataclass(frozen=True, kw_only=True)
class ValueOf:
    """An attribute of one entity; where it was observed, as it was on the key date."""

    entity_type: str = option(pattern=TERM)
    entity: str
    """The local part of the entity's id."""
    attribute: str = option(pattern=TERM)
    newest: bool = False
    """The newest value that there is, unless a day before the dashboard's key date is asked for."""


@dataclass(frozen=True, kw_only=True)
class HistoryOf:
    """One number of what was observed of an attribute of one entity over a period that ends with the key date."""

    entity_type: str = option(pattern=TERM)
    entity: str
    """The local part of the entity's id."""
    attribute: str = option(pattern=TERM)
    statistic: str = option("mean", choices=STATISTICS)
    above: float | None = None
    """For ``days_above``: a day counts whose value is greater, in the unit of the entities."""
    day: str = option("", choices=("", *DAYS))
    """How the values of a day become one: ``max_8h`` is the highest mean of eight hours that end on that day. Empty:
    every value counts by itself."""
    days: int = option(0, minimum=0, maximum=3_660)
    """Length of the period; 0: the calendar year of the key date, up to it."""
    workdays: bool = False
    """Only Mondays to Fridays."""
    least_values: int = option(1, minimum=1, maximum=1_440)
    """So many values must a day have to count."""
    least_share: float = option(0.75, minimum=0, maximum=1)
    """The share of the period's days that must count; with fewer there is no figure."""
    timezone: str = option("", pattern="([A-Za-z_]+(/[A-Za-z0-9_+-]+)*)?", check=_zone)
    """Whose midnight ends a day, e.g. ``Etc/GMT-1`` where instruments keep solar time; empty: the city's."""


@dataclass(frozen=True, kw_only=True)
class SumOf:
    """The sum of an attribute (or the number) of all entities of a type that have these values."""

    entity_type: str = option(pattern=TERM)
    attribute: str = option("", pattern=f"({TERM})?")
    """Empty: the entities are counted."""
    where: Mapping[str, Any] = option({})
    """Attribute → the value it must have, e.g. ``operatingStatus = "In Betrieb"``."""
    since: str = option("", pattern=f"({TERM})?")
    """The attribute that holds a date from which an entity counts: not after the key date."""
    until: str = option("", pattern=f"({TERM})?")
    """The attribute that holds the date on which an entity was given up: it counts on every day before, whatever its
    present values are."""
    weight: str = option("", pattern=f"({TERM})?")
    """An attribute by which entities weigh, e.g. ``population``: the figure is then the mean in place of the sum."""
    observed: bool = False
    """The attribute was observed, e.g. once a year: of each entity the last value by the key date counts."""


@dataclass(frozen=True, kw_only=True)
class ProductOf:
    """Another figure times a factor that somebody takes for granted."""

    figure: str = option(pattern=NAME)
    factor: float
    low: float | None = None
    high: float | None = None
    """Between which the factor plausibly lies; both or none."""
    text: Texts
    """What the factor is, with its unit."""
    source: Texts
    """Where the factor and its range are from."""


@dataclass(frozen=True, kw_only=True)
class ModelOf:
    """An indicator of the baseline of one of the city's models."""

    model: str = option(pattern=NAME)
    indicator: str = option(pattern="[a-z0-9_]+")
    scales_with: str = option("", pattern=f"({NAME})?")
    """A figure with a history to which the indicator is in proportion: it carries it over to other key dates."""


@dataclass(frozen=True, kw_only=True)
class Official:
    """What somebody else has published for the same."""

    value: float
    source: str
    url: str = option("", pattern="(https?://.+)?")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a law, a guideline or the city itself wants a figure not to exceed."""

    value: float
    title: Texts
    """Whose limit that is and what it holds for."""
    source: str
    url: str = option("", pattern="(https?://.+)?")
    since: date | None = None
    """The day from which it holds; None: it does."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """How far a figure without an interval of its own may be off: by a share, or as far as another source is away."""

    percent: float | None = option(None, minimum=0, maximum=1_000)
    figure: str | None = option(None, pattern=NAME)
    official: bool = False
    """The published figure is the other end."""
    text: Texts
    """Why so far."""


@dataclass(frozen=True, kw_only=True)
class FigurePlan:
    """One figure, in the unit in which it is shown."""

    id: str = option(pattern=NAME)
    title: Texts
    unit: str
    decimals: int = option(1, minimum=0, maximum=6)
    direction: Direction = Direction.NEUTRAL
    scale: float = 1.0
    """From the unit of the entities to that of the figure."""
    value: ValueOf | None = None
    sum: SumOf | None = None
    history: HistoryOf | None = None
    product: ProductOf | None = None
    model: ModelOf | None = None
    source: str = ""
    """Id of the source of its values."""
    method: Texts = option({})
    """How it comes about, in a sentence."""
    official: Official | None = None
    tolerance_percent: float = option(10.0, minimum=0, maximum=1_000)
    """A larger difference from the official figure is a finding."""
    why: Texts = option({})
    """What explains the difference, as far as known."""
    doubt: Doubt | None = None
    as_of: date | None = None
    """The day for which a value without a history stands: it is known from then on, not before."""
    limits: tuple[Limit, ...] = ()
    """What it is held against; in the figure's unit."""
    fresh_hours: float | None = option(None, minimum=0)
    """An observation that is older is said to be old."""


@dataclass(frozen=True, kw_only=True)
class TileLink:
    """A page of the twin where a tile's subject goes on."""

    page: str = option(choices=PAGES)
    id: str = ""
    """Which service, forecast, source …; empty: the page itself."""
    title: Texts


@dataclass(frozen=True, kw_only=True)
class TilePlan:
    """A part of the page."""

    id: str = option(pattern=NAME)
    title: Texts
    chart: str = option(choices=CHARTS)
    figures: tuple[str, ...] = ()
    note: Texts = option({})
    wide: bool = False
    links: tuple[TileLink, ...] = ()
    """Where to go on from here."""


@dataclass(frozen=True, kw_only=True)
class PeerField:
    """What other places are compared by."""

    attribute: str = option(pattern=TERM)
    title: Texts
    unit: str


@dataclass(frozen=True, kw_only=True)
class PeersPlan:
    """Other places of the same kind: entities with a code, some of them with a name people know."""

    entity_type: str = option(pattern=TERM)
    code: str = option("code", pattern=TERM)
    own: str
    """The code of this city."""
    fields: tuple[PeerField, ...]
    shown: tuple[str, ...] = ()
    """Codes of those that are shown unless others are asked for."""
    names: Mapping[str, str] = option({})
    """Code → name."""
    source: str
    text: Texts = option({})


@dataclass(frozen=True, kw_only=True)
class PathPoint:
    """A year and what is aimed at: a value, or how many times the figure's value of the key date."""

    year: int = option(minimum=1990, maximum=2100)
    value: float | None = None
    times: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrendPlan:
    """The past of a figure and the path it is meant to take: of an observed value, or year by year of observed sums and
    of the history of a calendar year."""

    id: str = option(pattern=NAME)
    figure: str = option(pattern=NAME)
    path: tuple[PathPoint, ...] = ()
    text: Texts = option({})
    """Whose target that is, and how it was carried over."""
    source: str = ""
    url: str = option("", pattern="(https?://.+)?")


@dataclass(frozen=True, kw_only=True)
class FindingPlan:
    """Something that a reader must know about the data and that no figure says by itself."""

    id: str = option(pattern=NAME)
    text: Texts
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class DashboardPlan:
    """A dashboard."""

    id: str = option(pattern=NAME)
    title: Texts
    question: Texts
    key_date: date
    """The day that figures stand for unless another is asked for."""
    rule: Texts = option({})
    """What counts on that day."""
    figures: tuple[FigurePlan, ...]
    tiles: tuple[TilePlan, ...]
    peers: PeersPlan | None = None
    trends: tuple[TrendPlan, ...] = ()
    findings: tuple[FindingPlan, ...] = ()
    order: int = 100

    @property
    def models(self) -> tuple[str, ...]:
        """The models whose indicators it shows."""
        return tuple(dict.fromkeys(one.model.model for one in self.figures if one.model is not None))

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the entities it reads, by short name."""
        bound = (one.value or one.sum or one.history for one in self.figures)
        found = [one.entity_type for one in bound if one is not None]
        return tuple(dict.fromkeys([*found, *([self.peers.entity_type] if self.peers else [])]))


def mistakes(plan: DashboardPlan) -> list[tuple[str, str]]:
    """What does not fit together within the file: (where, what)."""
    known = {one.id for one in plan.figures}
    found = [(f"figures.{one.id}", text) for one in plan.figures for text in _of_figure(one, known)]
    found += _doubled("figures", [one.id for one in plan.figures])
    for tile in plan.tiles:
        found += [
            (f"tiles.{tile.id}", f"there is no figure {name!r}") for name in tile.figures if name not in known
        ]
    values = {one.id for one in plan.figures if _has_past(one)}
    found += [
        (
            f"trends.{one.id}",
            "its figure must be bound to a value, an observed sum, or the history of a calendar year",
        )
        for one in plan.trends
        if one.figure not in values
    ]
    return found


def _has_past(one: FigurePlan) -> bool:
    if one.history is not None:
        return one.history.days == 0
    return one.value is not None or (one.sum is not None and one.sum.observed)


def _of_history(one: HistoryOf) -> list[str]:
    counts = one.statistic == "days_above"
    found = [] if counts == (one.above is not None) else ["days_above, and nothing else, has above"]
    if counts and not one.day:
        found.append("days_above needs day: how the values of a day become one")
    return found


def _doubled(where: str, names: list[str]) -> list[tuple[str, str]]:
    return [(where, f"{name!r} is there twice") for name in sorted({n for n in names if names.count(n) > 1})]


def _of_figure(one: FigurePlan, known: set[str]) -> list[str]:
    bound = [part for part in (one.value, one.sum, one.history, one.product, one.model) if part is not None]
    found = [] if len(bound) == 1 else ["needs exactly one of value, sum, history, product, model"]
    if one.history is not None:
        found += _of_history(one.history)
    if one.sum is not None and one.sum.observed and not one.sum.attribute:
        found.append("what was observed is an attribute: name it")
    if one.product is not None:
        if one.product.figure not in known - {one.id}:
            found.append(f"there is no other figure {one.product.figure!r}")
        if (one.product.low is None) != (one.product.high is None):
            found.append("a factor has both low and high, or none")
    if one.model is not None and one.model.scales_with and one.model.scales_with not in known - {one.id}:
        found.append(f"there is no other figure {one.model.scales_with!r}")
    if one.doubt is not None and one.doubt.figure is not None and one.doubt.figure not in known:
        found.append(f"there is no figure {one.doubt.figure!r}")
    return found
