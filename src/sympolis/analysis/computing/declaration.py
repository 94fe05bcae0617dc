"""What a package that is computed elsewhere says of itself: which data it reads, what it does, what may leave.

It comes from strangers, so every member is known and bounded, and what leaves is derived from it before anything runs:
people approve this document, and outputs are held against it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from sympolis.domain import errors

SMALLEST_GROUP: Final = 5
"""No package may ask for smaller groups, whatever an agreement says."""
MOST_PARAMETERS: Final = 20_000
Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Short = Annotated[str, Meta(max_length=200)]
Texts = Annotated[
    dict[Annotated[str, Meta(max_length=8)], Annotated[str, Meta(max_length=2000)]], Meta(max_length=24)
]
Unit = Annotated[str, Meta(max_length=20)]


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of the document."""


class Column(Struct, frozen=True, kw_only=True):
    """One column: an attribute's values, converted to ``unit`` (UN/CEFACT code) where one is named."""

    name: Name
    attribute: Short
    type: Literal["number", "text"] = "number"
    unit: Unit = ""


class Measure(Struct, frozen=True, kw_only=True):
    """One figure of a group. ``low`` and ``high`` clip single values; ``epsilon`` adds Laplace noise of that budget."""

    name: Name
    statistic: Literal["count", "sum", "mean", "std"]
    column: str = ""
    low: float | None = None
    high: float | None = None
    epsilon: Annotated[float, Meta(gt=0, le=100)] | None = None


class GroupStatistics(Struct, frozen=True, kw_only=True, tag_field="kind", tag="group-statistics"):
    """Counts, sums, means and standard deviations by group; without ``group_by`` of all rows."""

    group_by: Annotated[tuple[Name, ...], Meta(max_length=3)] = ()
    measures: Annotated[tuple[Measure, ...], Meta(min_length=1, max_length=20)]


class Regression(Struct, frozen=True, kw_only=True, tag_field="kind", tag="regression"):
    """Least squares of ``target`` on ``features`` with an intercept; ``ridge`` penalises all but that."""

    target: Name
    features: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=20)]
    ridge: Annotated[float, Meta(ge=0, le=1e6)] = 0.0


class ModelMeans(Struct, frozen=True, kw_only=True, tag_field="kind", tag="model-means"):
    """A learned model (ONNX) asked for each row; what leaves is the mean of its answers by group.

    Answers are clipped to ``low`` and ``high``: no single row can shout through a mean.
    """

    features: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)]
    group_by: Annotated[tuple[Name, ...], Meta(max_length=3)] = ()
    low: float
    high: float


class Table(Struct, frozen=True, kw_only=True):
    """An output of a script: its columns besides ``n``, and how many rows it may have."""

    name: Name
    numbers: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=50)]
    texts: Annotated[tuple[Name, ...], Meta(max_length=3)] = ()
    most_rows: Annotated[int, Meta(ge=1, le=1000)] = 100


class Script(Struct, frozen=True, kw_only=True, tag_field="kind", tag="script"):
    """A Python module ``algorithm.py`` with ``compute(columns, parameters)``; its outputs are released by people."""

    outputs: Annotated[tuple[Table, ...], Meta(min_length=1, max_length=10)]


class Feature(Struct, frozen=True, kw_only=True):
    """A daily figure: the fold of a column over a day, (value - offset) / scale."""

    name: Name
    column: Name
    fold: Literal["mean", "min", "max", "sum"] = "mean"
    offset: float = 0.0
    scale: Annotated[float, Meta(gt=0)] = 1.0


class ForecastLearning(Struct, frozen=True, kw_only=True, tag_field="kind", tag="forecast-learning"):
    """A share of a common model of tomorrow's ``target``: gradients at weights, or errors of weights.

    ``window_days`` is how much history a model may learn from (0: all before its origin); origins begin at
    ``first_day`` of the series and come every ``step_days``, as long as as many days follow.
    """

    features: Annotated[tuple[Feature, ...], Meta(min_length=1, max_length=12)]
    target: Name
    lags: Annotated[int, Meta(ge=0, le=7)] = 2
    season: bool = True
    utc_offset_h: Annotated[float, Meta(ge=-14, le=14)] = 0.0
    """Where a day begins; of local days that of summer time, so that none is cut in two."""
    window_days: Annotated[int, Meta(ge=0, le=3650)] = 60
    first_day: Annotated[int, Meta(ge=20, le=3650)] = 60
    step_days: Annotated[int, Meta(ge=1, le=365)] = 14
    origins: Annotated[int, Meta(ge=1, le=200)] = 20
    ridge: Annotated[float, Meta(gt=0, le=1e6)] = 1.0


Algorithm = GroupStatistics | Regression | ModelMeans | Script | ForecastLearning


class Declaration(Struct, frozen=True, kw_only=True):
    """See the module. ``min_group``: smaller groups are suppressed; ``counted``: of what a group has at least so many.

    ``digits`` are the significant digits of every number that leaves.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    version: Annotated[str, Meta(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]
    title: Texts
    description: Texts = msgspec.field(default_factory=dict)
    licence: Short
    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=40)]
    history: bool = False
    """Whether rows are observations (entity and time) instead of entities as they are now."""
    algorithm: Algorithm
    min_group: Annotated[int, Meta(ge=SMALLEST_GROUP, le=1_000_000)] = 10
    counted: Literal["entity", "observation"] = "entity"
    digits: Annotated[int, Meta(ge=1, le=12)] = 6
    cpu_s: Annotated[int, Meta(ge=1, le=120)] = 30
    memory_mb: Annotated[int, Meta(ge=256, le=2048)] = 1024


class Agreed(Struct, frozen=True, kw_only=True):
    """An output as it was agreed on: the columns of its rows besides ``n``, and how many there may be."""

    name: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...] = ()
    most_rows: int = 1000


def read_declaration(body: bytes) -> Declaration:
    """The document, judged whole. Raises ``BadRequestData`` with the member that is wrong."""
    try:
        found = msgspec.json.decode(body, type=Declaration)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise errors.BadRequestData(str(cause)[:300], where="compute.json") from cause
    _check_names(found)
    return found


def outputs_of(found: Declaration) -> tuple[Agreed, ...]:
    """What leaves, and nothing else."""
    algorithm = found.algorithm
    if isinstance(algorithm, GroupStatistics):
        return (
            Agreed(
                name="groups", numbers=tuple(one.name for one in algorithm.measures), texts=algorithm.group_by
            ),
        )
    if isinstance(algorithm, ModelMeans):
        return (Agreed(name="groups", numbers=("mean",), texts=algorithm.group_by),)
    if isinstance(algorithm, Regression):
        return (
            Agreed(name="coefficients", numbers=("value", "standard_error"), texts=("term",), most_rows=21),
            Agreed(name="fit", numbers=("r2", "rmse"), most_rows=1),
        )
    if isinstance(algorithm, Script):
        return tuple(
            Agreed(name=one.name, numbers=one.numbers, texts=one.texts, most_rows=one.most_rows)
            for one in algorithm.outputs
        )
    gradients = tuple(f"g{number}" for number in range(weights_of(algorithm)))
    return (
        Agreed(name="gradients", numbers=("origin", *gradients), most_rows=algorithm.origins + 1),
        Agreed(name="errors", numbers=("origin", *ERRORS), most_rows=algorithm.origins),
    )


ERRORS: Final = ("mae", "mae_local", "mae_naive")
"""Mean absolute errors of the common model, of the local one, and of saying that tomorrow is as today."""


def weights_of(algorithm: ForecastLearning) -> int:
    """How many weights the model has: intercept, each feature today and at each lag, and the season."""
    return 1 + len(algorithm.features) * (algorithm.lags + 1) + (2 if algorithm.season else 0)


def always_by_hand(found: Declaration) -> bool:
    """Whether nobody but people can say that outputs may leave: a script may put anything into them."""
    return isinstance(found.algorithm, Script)


def _check_names(found: Declaration) -> None:
    """Raise ``BadRequestData`` where the algorithm speaks of a column that is not read, or has a name twice."""
    names = [one.name for one in found.columns]
    numbers = {one.name for one in found.columns if one.type == "number"}
    if len(names) != len({*names}):
        raise errors.BadRequestData("a column's name is there twice", where="columns")
    if odd := {*_columns_used(found.algorithm)} - numbers:
        raise errors.BadRequestData(f"{min(odd)[:60]!r} is no column of numbers", where="algorithm")
    if odd := {*getattr(found.algorithm, "group_by", ())} - {*names}:
        raise errors.BadRequestData(f"{min(odd)!r} is no column", where="algorithm.group_by")
    if isinstance(found.algorithm, GroupStatistics):
        for one in found.algorithm.measures:
            _check_measure(one)
    for output in outputs_of(found):
        used = ("n", *output.numbers, *output.texts)
        if len(used) != len({*used}):
            raise errors.BadRequestData("an output has a name twice", where=f"outputs.{output.name}")
    if isinstance(found.algorithm, ForecastLearning):
        _check_series(found, found.algorithm)


def _check_measure(one: Measure) -> None:
    if one.epsilon is not None and one.statistic == "std":
        raise errors.BadRequestData("noise is for counts, sums and means", where=f"measures.{one.name}")
    bounded = one.low is not None and one.high is not None and one.low < one.high
    if one.epsilon is not None and one.statistic != "count" and not bounded:
        text = "noise needs low and high: they bound what one row can change"
        raise errors.BadRequestData(text, where=f"measures.{one.name}")


def _check_series(found: Declaration, algorithm: ForecastLearning) -> None:
    if not found.history or found.counted != "observation":
        raise errors.BadRequestData("a forecast is learnt of observations", where="history, counted")
    if algorithm.target not in {one.name for one in algorithm.features}:
        raise errors.BadRequestData("the target is one of the features", where="algorithm.target")


def _columns_used(algorithm: Algorithm) -> tuple[str, ...]:
    if isinstance(algorithm, GroupStatistics):
        return tuple(one.column for one in algorithm.measures if one.statistic != "count")
    if isinstance(algorithm, Regression):
        return (algorithm.target, *algorithm.features)
    if isinstance(algorithm, ModelMeans):
        return algorithm.features
    if isinstance(algorithm, ForecastLearning):
        return tuple(one.column for one in algorithm.features)
    return ()


def as_document(found: Declaration) -> dict[str, Any]:
    """The declaration for people and for the wire."""
    document: dict[str, Any] = msgspec.to_builtins(found)
    return document
