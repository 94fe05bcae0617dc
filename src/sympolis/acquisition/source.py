"""What a city declares about one source: where it is read, who owns it, and what its data must look like.

The city package reads ``sources/<id>.toml`` into these values; nothing here does I/O.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sympolis.domain.reading import Texts, option

IDENTIFIER = "[a-z][a-z0-9]*(-[a-z0-9]+)*"
ADDRESS = r"https?://[^/?#@\s<>\"]+([/?#]\S*)?"
"""No name and password before the host: the address is shown in catalogues, errors and deliveries."""
ENDPOINT = r"[a-z][a-z0-9+.\-]*://[^?#@\s<>\"]*([?#]\S*)?"
"""An address of any kind that a connector may read from: a database, a message broker, an object store."""
HIGH_VALUE = (
    "geospatial",
    "earth observation and environment",
    "meteorological",
    "statistics",
    "companies",
    "mobility",
)
DURATION = r"P(?=.)(\d{1,5}D)?(T(?=.)(\d{1,5}H)?(\d{1,5}M)?)?"
"""At most 99,999 of a unit: no time that a date could not hold."""


def _category_complaint(categories: tuple[str, ...]) -> str | None:
    unknown = [name for name in categories if name not in HIGH_VALUE]
    return f"{unknown[0]!r} is none of: {', '.join(HIGH_VALUE)}" if unknown else None


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What one attribute's values must be, in the mapping's target unit; also applied to each cell of a series."""

    type: str | None = option(None, choices=(None, "number", "integer", "text", "boolean"))
    low: float | None = None
    high: float | None = None
    required: bool = False
    codes: tuple[str, ...] = ()
    """The only values allowed (a code list), if any are named."""


@dataclass(frozen=True, kw_only=True)
class Expectations:
    """The quality a source promises. A row that breaks one is quarantined with its reason."""

    min_rows: int = option(1, minimum=0)
    """Fewer rows than this make the whole run fail: a half-delivered file is not a smaller city."""
    max_refused: float = option(0.3, minimum=0, maximum=1)
    """A delivery of which a larger share of rows does not pass is refused whole: it is not what was agreed."""
    max_shrink: float = option(0.4, minimum=0, maximum=1)
    """A delivery that is shorter than the last by a larger share is refused whole; 1 where lengths vary."""
    max_shift: float = option(8.0, minimum=1, maximum=1_000_000)
    """A delivery whose values are this many times larger or smaller than before is refused whole: another unit."""
    max_move_m: int = option(2000, minimum=1, maximum=1_000_000, unit="m")
    """A thing that lies farther from where it was is held: its id may have been given to another thing."""
    inside_city: bool = True
    """Every geometry lies within the city's bounding box."""
    known_entity: bool = False
    """Rows speak only of entities that another source has already made (observations of known stations)."""
    earliest: datetime | None = None
    """Observations before this time are refused."""
    future: bool = False
    """Whether observation times after the time of the run are allowed."""
    max_age: str | None = option(None, pattern=DURATION)
    """The newest observation may be this old (ISO 8601, e.g. PT3H); older makes the source ``stale``."""
    max_row_age: str | None = option(None, pattern=DURATION)
    """A row observed longer ago than this is refused as stale; for live feeds that repeat old readings."""
    attributes: Mapping[str, Expectation] = option({})
    """By short attribute name."""


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """How the source is read anew from its portal (``[refresh]``); without it the twin keeps to the sample."""

    url: str = option(pattern=ENDPOINT)
    """The download itself, or the address at which the connector begins; never with a name and password in it."""
    every: str | None = option(None, pattern=DURATION)
    """How often (ISO 8601, e.g. PT1H); absent: only when somebody asks."""
    max_size_mb: int = option(200, minimum=1, maximum=100_000, unit="MB")
    """A delivery that is larger is refused."""
    max_kb_s: int | None = option(None, minimum=1, maximum=1_000_000, unit="kB/s")
    """Bandwidth: a document is read no faster than this; absent: as fast as it comes. Not for databases."""
    timeout_s: int = option(60, minimum=1, maximum=3600, unit="s")
    """How long one document may take."""
    keep: int = option(5, minimum=1, maximum=1000)
    """So many deliveries are kept, for questions about where a number came from."""
    connector: str | None = None
    """Where the portal gives another form than the sample has: what reads it."""
    mapping: str | None = option(None, pattern=IDENTIFIER)
    """The mapping of the portal's form, to the same type of entity; absent: the source's own."""
    settings: Mapping[str, Any] = option({})
    """Options of that connector."""
    min_rows: int | None = option(None, minimum=0)
    """In place of ``expectations.min_rows``, where the portal gives another span than the sample has."""
    max_shrink: float | None = option(None, minimum=0, maximum=1)
    """In place of ``expectations.max_shrink``."""

    @property
    def has_own_form(self) -> bool:
        """Whether what the portal gives is read otherwise than the sample."""
        return self.connector is not None or self.mapping is not None


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """Which data model the dataset promises to follow, and what happens to rows that do not (``[model]``)."""

    name: str = option(pattern="[A-Za-z][A-Za-z0-9_]*")
    """Name of a data model: see ``sympolis data-model list``."""
    version: str = option(pattern=r"\d+\.\d+\.\d+")
    mismatch: str = option("quarantine", choices=("reject", "quarantine", "warn"))
    """``reject``: the delivery is refused; ``quarantine``: the row is held with its reasons; ``warn``: it is taken and
    counted."""
    writes: str = option("accept", choices=("accept", "warn", "reject"))
    """What happens to entities of this type that come over NGSI-LD: ``reject`` refuses what does not conform."""


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """Rows about persons become rows about groups of them (``[privacy.aggregate]``); small groups are left out."""

    by: tuple[str, ...]
    """Source fields that make a group, such as the area and the year; coarse ones."""
    k: int = option(5, minimum=2, maximum=1000)
    """So many persons a group has at least (k-anonymity, doi:10.1142/S0218488502001648)."""
    persons: str | None = None
    """The source field that tells persons apart; absent: each row is another person."""
    count: str = "count"
    """Name of the field that gets the number of persons."""
    means: tuple[str, ...] = ()
    """Source fields with numbers, of which the mean of each group is kept."""


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What is taken out of rows about persons before anything looks at them (``[privacy]``)."""

    drop: tuple[str, ...] = ()
    """Source fields that are left out."""
    pseudonymise: tuple[str, ...] = ()
    """Source fields of which values get a name that only who has the key can make again."""
    key: str = "pseudonyms"
    """Name of the key in the package's ``local/secrets.toml``; a new key ends all links to what was there."""
    aggregate: Aggregate | None = None


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long things are kept (``[retention]``); what is not named is kept for good."""

    observations: str | None = option(None, pattern=DURATION)
    """History that is older is deleted (ISO 8601, e.g. P730D), of all entities of the mapping's type. Where several
    sources give observations of a type, each has to say so, and the longest time holds."""
    held_rows: str | None = option(None, pattern=DURATION)
    """Rows that were held or dismissed and have not come for so long are deleted from quarantine."""
    deliveries: str | None = option(None, pattern=DURATION)
    """Kept deliveries that are older are deleted, but not the last good one."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of the city (``sources/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    description: Texts = option({})
    connector: str
    """Id of a connector plugin."""
    mapping: str = option(pattern=IDENTIFIER)
    """Id of a mapping; several sources may share one."""
    path: str
    """The sample, relative to the package."""
    url: str = option(pattern=ADDRESS)
    """The official portal's page or download, for people and for refreshing."""
    dataset: str = ""
    """The portal's own identifier of the dataset."""
    dataset_check: str = option("unverified", choices=("portal", "published", "unverified"))
    """How it is known that the portal has it under this identifier: somebody opened it there (``portal``), others
    name it so in what they publish (``published``), or nobody has looked."""
    licence: str
    """SPDX-like code, e.g. CC-BY-4.0, ODbL-1.0."""
    owner: str
    attribution: str
    themes: tuple[str, ...] = ()
    """Codes of the EU data themes, e.g. TRAN, ENVI: https://publications.europa.eu/resource/authority/data-theme."""
    high_value: tuple[str, ...] = option((), check=_category_complaint)
    """Where the city has found the data to be high-value under (EU) 2023/138: its categories, e.g. ``mobility``."""
    schedule: str = option("once", pattern=f"once|{DURATION}")
    order: int = 100
    """Sources run in this order, then by id: things before the observations of them."""
    crs: str = option("EPSG:4326", pattern=r"EPSG:\d+")
    timezone: str | None = None
    """IANA zone of the source's clock; the city's where absent. ``Etc/GMT-1`` is solar time all year in Italy."""
    settings: Mapping[str, Any] = option({})
    """Options of the connector, checked against its settings class."""
    model: ModelUse | None = None
    privacy: Privacy | None = None
    retention: Retention | None = None
    expectations: Expectations = Expectations()
    refresh: Refresh | None = None

    @property
    def at_portal(self) -> Source:
        """The same source in the form in which its portal gives it."""
        portal = self.refresh
        if portal is None or not portal.has_own_form:
            return self
        expected = self.expectations
        if portal.min_rows is not None:
            expected = replace(expected, min_rows=portal.min_rows)
        if portal.max_shrink is not None:
            expected = replace(expected, max_shrink=portal.max_shrink)
        return replace(
            self,
            connector=portal.connector or self.connector,
            mapping=portal.mapping or self.mapping,
            settings=portal.settings if portal.connector else self.settings,
            expectations=expected,
        )
