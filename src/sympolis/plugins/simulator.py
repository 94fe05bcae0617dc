"""The simulator contract: a model that answers a what-if from the twin's own entities.

The platform gathers the entities that ``needs`` names, hands them to ``prepare`` once per data version (in a
worker process; the result is a folder of the model's own files, cached), and then calls ``run`` once per ensemble
member. A model never reads a store, never draws its own random numbers but from ``seed``, and gives the same
result for the same (data version, model version, parameters, overrides, window, seed).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from sympolis.domain import errors
from sympolis.domain.measure import Direction
from sympolis.domain.scenario import Override, Window

Progress = Callable[[float, str], None]
"""Called with (share done 0..1, short text). It may raise ``Cancelled``; let that pass."""


@dataclass(frozen=True, slots=True)
class Need:
    """Entities a model wants: ``name`` is its own word for them, ``type`` a short type name (core or city context)."""

    name: str
    type: str
    attributes: tuple[str, ...]
    minimum: int = 1
    history: bool = False
    """True: also the observations of ``attributes``, all of them, as ``series`` (see ``Inputs``)."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Only entities whose attributes have exactly these values, e.g. ``{"variable": "surfaceTemperature"}``."""
    instead: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """For attributes of ``where``: other values that stand in, best first, where the twin has no entity with the wanted
    one. ``proxies`` of the entity then names the value under the attribute (see ``Inputs``)."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Attribute → UN/CEFACT code in which the model wants its numbers; the platform converts (series too)."""
    proxies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute → attributes that may stand in where an entity has none of it, best first. The value then comes under
    the wanted name, and ``proxies`` of the entity says what it really is (see ``Inputs``)."""
    coverage: float = 0.0
    """The share (0..1) of the entities that must carry each attribute, itself or by proxy."""
    optional: tuple[str, ...] = ()
    """Attributes that the model is glad of but does well without: a check names them, its verdict does not change."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Where ``minimum`` is 0: in words, per language, what the answer lacks when the twin has none of it at all."""
    resolution_m: float | None = None
    """Of a grid: the largest side of a cell [m] with which the model is still good."""
    max_age_days: float | None = None
    """How old the newest value may be before a run must say that its data are old."""
    linked: bool = False
    """True: the attributes are fields of another model of a chain, one value per hour and entity of ``type``, given to
    each member as ``Member.linked``; nothing is read from the twin. ``units`` are then those of ``FieldSpec``."""
    grid: bool = False
    """True: the entities are coverages; each comes with its cells as ``grid`` (see ``Inputs``)."""
    table: bool = False
    """True: the entities name a table of very many things (``file``); each comes with its bytes as ``table``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed, bounded, unit-carrying parameter.

    ``low``/``high`` are hard bounds. ``plausible`` is the range over which it is honestly uncertain: the ensemble
    samples it (Latin hypercube) unless the caller fixes the value. ``source`` says where the numbers come from, in
    English; other languages stand in ``messages.toml`` (``sympolis.plugins.messages``) or in ``source_texts``.
    """

    name: str
    title: Mapping[str, str]
    kind: str = "number"
    """``number``, ``integer``, ``boolean``, ``choice`` (one of ``choices``) or ``choices`` (any of them)."""
    unit: str = ""
    default: Any = None
    low: float | None = None
    high: float | None = None
    plausible: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    source: str = ""
    source_texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """An override the model understands: its verb, where it may apply and its parameters."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    targets: tuple[str, ...]
    """Which of ``segments``, ``features`` (ids of what the results refer to; ``segments`` where these are streets),
    ``area``, ``polygon`` it accepts."""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """A figure the model gives for each run."""

    name: str
    title: Mapping[str, str]
    unit: str
    direction: Direction
    decimals: int = 0
    given: str = ""
    """The parameter without which (0, or empty) the figure says nothing and runs leave it out."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A column of the per-feature result, e.g. ``flow`` in veh/h."""

    name: str
    title: Mapping[str, str]
    unit: str
    direction: Direction = Direction.NEUTRAL
    over_area: str = ""
    """How an area's figure follows from its features in the split by area: ``sum`` (amounts: what lies inside counts
    by its share), ``extent`` (amounts per km or km²), ``mean`` (weighted by extent); empty: the field is not split."""


@dataclass(frozen=True, slots=True)
class MemberResult:
    """What one ensemble member gives.

    ``features`` are entity ids of the feature needs; ``fields[name][h][i]`` is the value of field ``name`` in hour
    ``window.start_hour + h`` for ``features[i]`` (NaN: no value); ``indicators`` are the whole window's figures.
    Where hours do not matter (``Simulator.hours_matter``), a field has one row.
    """

    features: tuple[str, ...]
    fields: Mapping[str, Sequence[Sequence[float]]]
    indicators: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    cost_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A model's parameters fitted to observations, and how well it then did on data it had not seen.

    ``figures`` maps a split (``training``, ``held_out``, ``uncalibrated``) to figures by name: ``n`` and what the
    model is judged by (``r2``, ``geh_below_5`` as a share, ``ratio`` total simulated/observed, ``mae``, ``rmse``).
    ``points`` lists (feature id, split, observed, simulated) for the twin-against-reality chart.
    ``parameters`` must be JSON: it is stored and handed back to ``run``.
    """

    parameters: Mapping[str, Any]
    figures: Mapping[str, Mapping[str, float]]
    points: tuple[tuple[str, str, float, float], ...] = ()
    notes: tuple[str, ...] = ()
    cost_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """What feeds a linked need: a member of another model's ensemble, and attribute → field of that model."""

    member: str
    """The key of the other member: it names everything that its result depends on."""
    fields: Mapping[str, str]
    lines: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Attribute → (factor, offset) by which the platform converts what comes in another unit."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Another model's result as a linked need is given it: ``fields[attribute]`` has shape (hours, features)."""

    features: tuple[str, ...]
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One run of an ensemble: every parameter settled, overrides, hours and seed.

    An override's parameters are complete (given, drawn or default); where it names an ``area``, that area's polygon
    stands beside it.
    """

    parameters: Mapping[str, Any]
    overrides: tuple[Override, ...]
    window: Window
    seed: int
    calibration: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "interactive"
    """``interactive`` (quick, e.g. mesoscopic) or ``job`` (thorough, e.g. microscopic)."""
    links: Mapping[str, Link] = field(default_factory=dict)
    """By need: which member of which other model feeds it."""
    linked: Mapping[str, Linked] = field(default_factory=dict)
    """By need: what that member gave; filled in by the worker."""


Inputs = Mapping[str, Sequence[Mapping[str, Any]]]
"""For each need, simplified (keyValues) entities with short names, ordered by id.

``{"id", "type", <attribute>: <value>}``; where the need asks for history, each entity also has
``"series": {<attribute>: {"times": [ISO 8601 UTC], "values": […]}}`` for the attributes that were observed.
Where a proxy stands in, ``"proxies": {<attribute>: <attribute whose value it is>}``.

Where the need asks for grids, each coverage also has ``"grid": {"crs", "shape": [lines, columns],
"affine": [a, b, c, d, e, f], "unit", "values"}``: ``values`` are float32, little-endian, row by row from the north,
NaN where a cell has none (``grid_values`` makes an array of them); the outer corner of cell (line, column) lies at
``x = a·column + b·line + c``, ``y = d·column + e·line + f`` in metres of ``crs``.

Where the need asks for tables, each entity also has ``"table"``: the content of an Apache Parquet file
(``table_columns`` makes arrays of its columns).
"""

WHOLE_PERIOD = Window(0, 24)
"""The window of every run of a model for which the hours do not matter."""


def grid_values(grid: Mapping[str, Any]) -> Any:
    """The cells of a grid among ``Inputs``: a float32 array of shape (lines, columns), NaN where there is no value."""
    import numpy as np  # a contract is read by processes that never compute

    return np.frombuffer(grid["values"], dtype="<f4").reshape(grid["shape"])


def table_columns(table: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Columns of a table among ``Inputs`` by name: numpy arrays, of objects where the column holds texts or bytes.

    Raises ``ModelFailed`` naming a column that is missing, or the extra that reads tables.
    """
    try:
        import pyarrow.parquet
    except ImportError as cause:
        hint = "install the extra sympolis[parquet]"
        raise errors.ModelFailed("tables cannot be read here", where="pyarrow", hint=hint) from cause
    source = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(table))
    if missing := sorted(set(names) - set(source.schema_arrow.names)):
        hint = f"it has {', '.join(source.schema_arrow.names)}"
        raise errors.ModelFailed(f"the table has no column {missing[0]!r}", where="needs", hint=hint)
    found = source.read(columns=list(names))
    return {name: found[name].to_numpy() for name in names}


class Simulator(ABC):
    """A model. Instances are made in the worker; class attributes describe it and are published as they stand."""

    id: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[Mapping[str, str]]
    description: ClassVar[Mapping[str, str]]
    needs: ClassVar[tuple[Need, ...]]
    parameters: ClassVar[tuple[Parameter, ...]]
    measures: ClassVar[tuple[Measure, ...]]
    indicators: ClassVar[tuple[IndicatorSpec, ...]]
    fields: ClassVar[tuple[FieldSpec, ...]]
    validity: ClassVar[Mapping[str, str]]
    """In words, per language: what the model is good for and what it must not be used for."""
    features: ClassVar[tuple[str, ...]] = ()
    """The needs whose entities (lines, polygons or points with a ``location``) the results refer to; empty: the first
    need that asks for a location."""
    tables: ClassVar[Mapping[str, str]] = {}
    """Tables (Apache Parquet) that ``prepare`` leaves in its folder for readers to filter and export: name → file."""
    hours_matter: ClassVar[bool] = True
    """False: the result stands for a whole ``period``, whatever hours a scenario names; every run has the window
    ``WHOLE_PERIOD`` and every field one row."""
    period: ClassVar[Mapping[str, str]] = {}
    """In words, per language, what a run stands for where it is not an ordinary weekday: "a hot summer day"."""

    @abstractmethod
    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Write the model's own input files for these entities into ``folder``. Raises ``ModelFailed``."""

    @abstractmethod
    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:
        """Reasons, in plain words, why these overrides are not allowed; empty if they are. Quick (< 0.2 s)."""

    @abstractmethod
    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Run one member. Raises ``OverrideRefused``, ``ModelFailed`` or ``Cancelled``."""

    def detail(
        self,
        folder: Path,  # noqa: ARG002 - for models that look at single things
        member: Member,  # noqa: ARG002
        target: Path,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> int:
        """Write what a member says of things smaller than its features, such as single buildings; how many there are.

        ``target`` becomes an Apache Parquet file with a column ``id``. A model that looks at nothing smaller leaves
        this as it is. Raises ``NotFound``.
        """
        raise errors.NotFound("this model looks at nothing smaller than its features", where=self.id)

    def calibrate(
        self,
        folder: Path,  # noqa: ARG002 - for models that are fitted
        inputs: Inputs,  # noqa: ARG002
        window: Window,  # noqa: ARG002
        seed: int,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Calibration:
        """Fit to the observations among ``inputs`` on a training split; judge on a held-out one.

        A model with nothing to fit leaves this as it is. Raises ``ModelFailed``.
        """
        raise errors.ModelFailed("this model is not fitted to observations", where=self.id)

    def evaluate(
        self,
        folder: Path,
        inputs: Inputs,
        parameters: Mapping[str, Any],  # noqa: ARG002 - for models whose fit is judged as it stands
        window: Window,
        seed: int,
        progress: Progress,
    ) -> Mapping[str, float]:
        """How a fit of before (``parameters``) does on the observations there are now, by figure.

        A model that is fitted overrides this; as it stands here, the model is fitted anew and judged where it did not
        look, which says what it can do on today's data, not how its old fit has aged. Raises ``ModelFailed``.
        """
        return self.calibrate(folder, inputs, window, seed, progress).figures["held_out"]
