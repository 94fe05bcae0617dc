"""A city package: the folder that makes the platform a city's twin (architecture, section 3), as frozen values.

    city.toml                names, codes, bounding box, time zone, languages, operator, licence, first view
    sources/<id>.toml        one source each                         → acquisition.source.Source
    mappings/<id>.toml       source field → attribute                → acquisition.mapping.EntityMapping
    code-lists/<id>.toml|csv source codes → words of a vocabulary    → acquisition.codelists.CodeList
    data-models/<name>.toml  the city's own data models             → governance.datamodels.DataModel
    mediations/<id>.toml     entities in the words of another model → governance.mediator.Mediation
    master-data/<kind>.toml  streets, areas … and <kind>.csv, the register → governance.masterdata.Kind
    contexts/<city>.jsonld   the city's short terms                  → City.context
    models/<id>.toml         simulator, fixed parameters, calibration → ModelPlan
    scenarios/<id>.toml      overrides and the question they answer  → ScenarioPlan
    services/<id>.toml       questions with models and levers        → services.ServicePlan
    forecasts/<id>.toml      series to forecast, judged how          → analysis.forecasting.plan.ForecastPlan
    alerts/<id>.toml         thresholds that warn, and what to do    → alerts.AlertPlan
    stories/<id>.toml        views in an order, told                 → stories.StoryPlan
    dashboards/map.toml      layers of the map                       → MapLayer
    dashboards/<id>.toml     figures, their sources and tiles        → analysis.dashboards.plan.DashboardPlan
    atlas/<id>.toml          layers of things, and what is missing   → analysis.atlas.plan.AtlasPlan
    participation/<id>.toml  what people are asked                → decision.participation.project.ProjectPlan
    plans/<id>.toml          steps, targets, measures of a plan     → orchestration.planning.plan.Plan
    help.toml                who answers questions, and by when      → help.routing.HelpPlan
    translations/<lang>.toml further texts by key
    samples/  pipeline/  tests/

``city.package`` loads it, ``city.check`` lists every mistake in it.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sympolis.acquisition.mapping import TERM, EntityMapping
from sympolis.acquisition.source import IDENTIFIER, Source
from sympolis.analysis.atlas.plan import AtlasPlan
from sympolis.analysis.dashboards.plan import DashboardPlan
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.city.alerts import AlertPlan
from sympolis.city.services import ServicePlan
from sympolis.city.stories import StoryPlan
from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain.measure import Direction
from sympolis.domain.reading import Texts, option
from sympolis.governance.datamodels.model import DataModel
from sympolis.governance.masterdata.model import Kind, Thing
from sympolis.governance.mediator.model import Mediation
from sympolis.help.routing import HelpPlan
from sympolis.orchestration.planning.plan import Plan


def _bbox_complaint(bbox: tuple[float, float, float, float]) -> str | None:
    west, south, east, north = bbox
    if -180 <= west < east <= 180 and -90 <= south < north <= 90:
        return None
    return "expected [west, south, east, north] in degrees, west < east and south < north"


@dataclass(frozen=True, kw_only=True)
class View:
    """Where the map opens."""

    center: tuple[float, float]
    """Longitude, latitude."""
    zoom: float = option(13.0, minimum=0, maximum=22)


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Whom the map and every export must name."""

    text: str
    url: str = ""
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class CityFacts:
    """``city.toml``."""

    id: str = option(pattern=IDENTIFIER)
    version: str = option(pattern=r"\d+\.\d+\.\d+")
    name: Texts
    title: Texts
    description: Texts = option({})
    country: str = option(pattern="[A-Z]{2}")
    codes: Mapping[str, str] = option({})
    """Official codes of the city: ``lau``, ``nuts``, ``wikidata`` …"""
    bbox: tuple[float, float, float, float] = option(check=_bbox_complaint)
    """West, south, east, north in WGS84 degrees; what ``inside_city`` means."""
    crs: str = option(pattern=r"EPSG:\d+")
    """The projected CRS for lengths and areas."""
    timezone: str
    languages: tuple[str, ...]
    operator: str
    contact: str | None = option(None, pattern="https?://.+")
    """A page where people reach whoever answers for the data."""
    licence: str
    accent: str = option("#0b5c66", pattern="#[0-9a-fA-F]{6}")
    view: View
    attribution: tuple[Attribution, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FixedParameter:
    """A model parameter that the city sets, with its unit and where the number comes from.

    With ``low`` and ``high`` it stays uncertain between these, whatever the model itself takes for plausible.
    """

    name: str
    value: Any
    unit: str = ""
    low: float | None = None
    high: float | None = None
    source: str
    source_texts: Texts = option({})
    """The source in the reader's language, where English is not enough."""


@dataclass(frozen=True, kw_only=True)
class HourWindow:
    """Hours of the day [start_hour, end_hour), local time."""

    start_hour: int = option(8, minimum=0, maximum=23)
    end_hour: int = option(9, minimum=1, maximum=24)


@dataclass(frozen=True, kw_only=True)
class CalibrationPlan:
    """Which observations the model is fitted to and judged by."""

    entity_type: str = option(pattern=TERM)
    attribute: str = option(pattern=TERM)
    source: str
    """Id of the source of the observations, for lineage."""
    window: HourWindow = HourWindow()
    days: str = option("weekdays", choices=("weekdays", "weekends", "all"))
    start: date | None = option(None, key="from")
    end: date | None = option(None, key="to")
    held_out_share: float = option(0.3, minimum=0.05, maximum=0.9)
    seed: int = 1
    reference: Texts = option({})
    """What figure is to be beaten and where it was published."""


@dataclass(frozen=True, kw_only=True)
class BaselinePlan:
    """The run of the world as it is, made when the twin first starts."""

    window: HourWindow = HourWindow()
    members: int | None = option(None, minimum=1, maximum=64)
    """None: as many as the ensemble finds it needs."""
    mode: str = option("interactive", choices=("interactive", "job"))
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """A model of this city (``models/<id>.toml``): a simulator and what the city fixes about it."""

    id: str
    simulator: str
    """Id of a simulator plugin."""
    version: str = ""
    """The simulator version the city has tested; a differing one is a warning."""
    title: Texts = option({})
    parameters: tuple[FixedParameter, ...] = ()
    types: Mapping[str, str] = option({})
    """Need of the simulator → entity type that answers it here, where this city calls it otherwise."""
    calibration: CalibrationPlan | None = None
    baseline: BaselinePlan = BaselinePlan()
    order: int = 100
    """The first model is the one that the twin makes ready when it starts, and whose figures it shows."""


@dataclass(frozen=True, kw_only=True)
class OverridePlan:
    """One departure from the base; ``where`` holds exactly one of ``segments``, ``area``, ``polygon``."""

    measure: str
    where: Mapping[str, Any] = option({})
    parameters: Mapping[str, Any] = option({})


@dataclass(frozen=True, kw_only=True)
class ScenarioPlan:
    """A scenario that comes with the city (``scenarios/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    question: Texts
    """The question it answers, as a councillor would ask it."""
    model: str
    """Id of a model of this package."""
    base: str = "baseline"
    window: HourWindow = HourWindow()
    overrides: tuple[OverridePlan, ...] = ()
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class LayerField:
    """A property that a layer's features carry: an attribute's short name, its unit and which way is better."""

    name: str = option(pattern=TERM)
    title: Texts = option({})
    unit: str = ""
    """For people, e.g. µg/m³."""
    direction: Direction = Direction.NEUTRAL


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """One layer of the map (``[[layers]]`` in ``dashboards/map.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    kind: str = option(choices=("line", "fill", "point", "extrusion"))
    """``extrusion``: outlines that rise to ``height``; too many to send at once, they are drawn from vector tiles."""
    entity_type: str = option(pattern=TERM)
    height: str = option("", pattern=f"({TERM})?")
    """Of an extrusion: the attribute that says how high [m] a feature is."""
    note: Texts = option({})
    """What a reader of this layer must know, e.g. where it has a gap."""
    geometry: str = option("location", pattern=TERM)
    q: str = ""
    """NGSI-LD query that narrows the entities, e.g. ``simulated==true``."""
    fields: tuple[LayerField, ...] = ()
    time: str = option("none", choices=("hour", "day", "none"))
    source: str = ""
    """Id of the source its values come from."""
    role: str = option("", choices=("", "areas", "streets", "green", "water", "buildings", "observed"))
    """How the map draws it; empty: by ``kind`` (fill → areas, line → streets, point → observed)."""
    background: bool = False
    """Part of the ground: always drawn, not among the layers to switch."""
    default: bool = False
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class ObservedFigure:
    """A figure beside the map that nobody modelled: the mean of the newest values of an attribute."""

    name: str = option(pattern=TERM)
    title: Texts
    unit: str
    entity_type: str = option(pattern=TERM)
    attribute: str = option(pattern=TERM)
    direction: Direction = Direction.NEUTRAL
    decimals: int = option(0, minimum=0, maximum=6)
    source: str
    """Id of the source of the observations."""
    meaning: Texts = option({})
    """What it says, in plain words, for those who do not know the word."""


@dataclass(frozen=True, kw_only=True)
class AreaSplit:
    """The areas by which results are split to see whom a measure touches, and which attributes say who lives there."""

    entity_type: str = option("StatisticalArea", pattern=TERM)
    name: str = option("name", pattern=TERM)
    population: str = option("population", pattern=TERM)
    fragility: tuple[str, ...] = ("fragilityIndex",)


@dataclass(frozen=True, kw_only=True)
class MapPlan:
    """``dashboards/map.toml``."""

    layers: tuple[MapLayer, ...] = ()
    figures: tuple[ObservedFigure, ...] = ()
    areas: AreaSplit = AreaSplit()


@dataclass(frozen=True, slots=True)
class City:
    """A city package that has been read and found sound."""

    folder: Path
    facts: CityFacts
    sources: Mapping[str, Source]
    mappings: Mapping[str, EntityMapping]
    models: Mapping[str, ModelPlan]
    scenarios: tuple[ScenarioPlan, ...]
    layers: tuple[MapLayer, ...]
    figures: tuple[ObservedFigure, ...]
    areas: AreaSplit
    context: Mapping[str, Any]
    """The JSON-LD document ``{"@context": …}`` with the city's terms (the core context not included)."""
    atlases: tuple[AtlasPlan, ...] = ()
    """Things of several kinds in one view."""
    dashboards: tuple[DashboardPlan, ...] = ()
    participation: tuple[ProjectPlan, ...] = ()
    """What this city asks people."""
    plans: tuple[Plan, ...] = ()
    """The plans that laws ask of this city."""
    """Figures by which the city watches itself."""
    forecasts: tuple[ForecastPlan, ...] = ()
    """What is forecast of this city's series."""
    alerts: tuple[AlertPlan, ...] = ()
    stories: tuple[StoryPlan, ...] = ()
    """The rules by which the city warns."""
    data_models: tuple[DataModel, ...] = ()
    """The city's own data models, beside those that the platform has."""
    mediations: Mapping[str, Mediation] = field(default_factory=dict)
    """The city's own mediations, beside those that the platform has."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Kinds of master data."""
    things: Mapping[str, tuple[Thing, ...]] = field(default_factory=dict)
    """The things of the registers, by kind."""
    services: tuple[ServicePlan, ...] = ()
    """The questions that this city asks, in its order."""
    help: HelpPlan = field(default_factory=HelpPlan)
    """Who answers those who ask for help, and by when."""
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Typed connector settings by source id."""
    portal_settings: Mapping[str, Any] = field(default_factory=dict)
    """The same of portals that give another form than the sample has."""

    @property
    def id(self) -> str:
        """The city's id, as in every URN."""
        return self.facts.id

    @property
    def context_name(self) -> str:
        """The file name of the context document."""
        return f"{self.facts.id}.jsonld"
