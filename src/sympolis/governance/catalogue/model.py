"""The classes of DCAT-AP 3.0.1 that a twin describes itself with. Texts are by language; all IRIs absolute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sympolis.governance.lifecycle.stages import Stage
from sympolis.governance.quality.badge import Badge

if TYPE_CHECKING:
    from sympolis.governance.catalogue.packages import Packaged

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who publishes, owns or operates (``foaf:Agent``)."""

    name: str
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A way to get a dataset (``dcat:Distribution``); ``service`` is the IRI of the data service that gives it."""

    iri: str
    title: Texts
    access_url: str
    media_type: str
    licence: str
    """IRI of the licence."""
    service: str | None = None
    download_url: str | None = None
    context: str = ""
    """The JSON-LD @context in which its terms are the city's, where it is asked with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How the newest delivery did at the quality gate: rows read, and of them taken (share in 0..1)."""

    MEANING: ClassVar[str] = "The share of the rows of the newest delivery that passed the quality gate."
    metric: str
    """IRI under which the meaning is published."""
    read: int
    accepted: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """On which terms something may be had (``odrl:Offer``); ``document`` is the policy as JSON-LD."""

    iri: str
    document: Mapping[str, Any]
    words: tuple[Texts, ...] = ()
    """The same in plain words, one text for each rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset (``dcat:Dataset``)."""

    iri: str
    id: str
    title: Texts
    description: Texts
    publisher: Agent
    creator: Agent
    licence: str
    """The code of the licence, e.g. CC-BY-4.0; its IRI stands at the distributions."""
    attribution: str
    landing_page: str
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    """Codes of the EU vocabulary of data themes, e.g. TRAN."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in WGS84 degrees."""
    frequency: str | None = None
    """How often it changes: a code of the EU frequency vocabulary."""
    modified: datetime | None = None
    oldest_observation: datetime | None = None
    newest_observation: datetime | None = None
    version: str | None = None
    high_value: tuple[str, ...] = ()
    """Categories of Implementing Regulation (EU) 2023/138 on high-value datasets that it falls under."""
    status: str = "never"
    """``fresh``, ``closed``, ``unjudged``, ``stale``, ``failed`` or ``never`` (not read yet)."""
    stage: Stage = Stage.RELEASED
    restricted: bool = False
    """Whether policies say who may read it, and for what."""
    entity_type: str = ""
    quality: Quality | None = None
    evaluation: Mapping[str, Any] | None = None
    """The newest figures of its quality, as acquisition gives them."""
    badge: Badge = field(default_factory=lambda: Badge("unknown", ()))
    distributions: tuple[Distribution, ...] = ()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataService:
    """An interface (``dcat:DataService``) and the datasets that it gives."""

    iri: str
    id: str
    title: Texts
    description: Texts
    endpoint_url: str
    endpoint_description: str
    conforms_to: str | None
    """IRI of the standard; None where there is none."""
    page: str
    """Its documentation for people."""
    publisher: Agent
    serves: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    """What it works with, by IRI: of a service that answers a question, its models."""
    answers: bool = False
    """True: it answers a question of the city (``services/*.toml``); False: it is an interface."""
    high_value: tuple[str, ...] = ()
    restricted: bool = False
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Entities that a model works on, and the datasets that give them (IRIs)."""

    type: str
    attributes: tuple[str, ...]
    met: bool
    datasets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How well a model did against what was observed: ``part`` is the share of the data, e.g. those held out."""

    name: str
    part: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that is set up in the city: something to be run, hence a data service as DCAT sees it."""

    iri: str
    id: str
    simulator: str
    title: Texts
    description: Texts
    version: str
    publisher: Agent
    creator: Agent
    licence: str
    """The code of the licence; empty where the plugin does not say."""
    endpoint_url: str
    endpoint_description: str
    page: str
    standards: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    gives: tuple[Texts, ...] = ()
    """The titles of its indicators."""
    validity: Texts = field(default_factory=dict)
    runs_here: bool = True
    calibrated: datetime | None = None
    figures: tuple[Figure, ...] = ()
    restricted: bool = False
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that a twin offers (``dcat:Catalog``)."""

    iri: str
    title: Texts
    description: Texts
    publisher: Agent
    homepage: str
    languages: tuple[str, ...]
    licence: str
    """IRI of the licence of the catalogue's own records."""
    bbox: tuple[float, float, float, float] | None = None
    datasets: tuple[Dataset, ...] = ()
    services: tuple[DataService, ...] = ()
    models: tuple[Model, ...] = ()
    assets: tuple[Packaged, ...] = ()
    """Packages of what this twin has made, for others to install."""

    @property
    def modified(self) -> datetime | None:
        """When the newest of its datasets changed."""
        return max((one.modified for one in self.datasets if one.modified is not None), default=None)
