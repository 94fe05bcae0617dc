"""Finds the data model whose attributes a table's columns are most like: by names, units and values, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz import fuzz

from sympolis.acquisition import units
from sympolis.city.proposing.columns import Column, words
from sympolis.governance.datamodels.model import DataModel, ModelAttribute

LEAST: Final = 0.72
"""Below this a column and an attribute have only letters in common."""
_HINTED: Final = 0.86
"""From here on the file's name speaks of a model."""
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("number", "integer"),
    "integer": ("integer",),
    "boolean": ("boolean",),
    "time": ("time", "date"),
    "text": ("text", "integer", "boolean"),
    "relationship": ("text", "integer"),
    "object": ("object",),
    "list": ("object", "text"),
    "geometry": (),
    "texts": ("text",),
}


@dataclass(frozen=True, slots=True)
class Match:
    """A column that is (probably) an attribute of the model."""

    column: str
    attribute: str
    confidence: float
    reason: str
    unit: str | None = None
    from_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model and how well it explains the columns."""

    model: DataModel
    confidence: float
    matches: Mapping[str, Match] = field(default_factory=dict)
    reason: str = ""


def candidates(columns: Sequence[Column], models: Sequence[DataModel], about: str = "") -> list[Candidate]:
    """The models that explain the columns, best first. ``about``: what is known of the file, such as its name."""
    found = [_candidate(columns, model, words(about)) for model in models]
    return sorted((one for one in found if one.confidence > 0), key=lambda one: -one.confidence)


def _candidate(columns: Sequence[Column], model: DataModel, about: str) -> Candidate:
    matches = _assigned(columns, model)
    own = [one for one in matches.values() if one.attribute in _own(model)]
    hinted = _hinted(about, model)
    covered = sum(one.confidence for one in own)
    share = covered / max(1, sum(one.kind != "empty" for one in columns))
    score = min(
        0.99,
        0.5 * (1 - 0.5**covered) + 0.25 * min(1, 2 * share) + 0.25 * (hinted if hinted >= _HINTED else 0),
    )
    if hinted < _HINTED and not _telling(own, model):
        score *= 0.7 if own else 0.5
    if hinted >= _HINTED and not own:
        score = max(score, 0.38)
    return Candidate(model, round(score, 2), matches, _why(own, hinted, model))


def _telling(own: Sequence[Match], model: DataModel) -> bool:
    """Whether the matches are more than one text, such as a name of a district, that many tables have."""
    return len(own) > 1 or any(model.attributes[one.attribute].type in ("number", "integer") for one in own)


def _own(model: DataModel) -> list[str]:
    """Attributes that tell this model from others: not those that all have."""
    shared = {
        "name",
        "alternateName",
        "description",
        "address",
        "owner",
        "source",
        "dataProvider",
        "dateObserved",
    }
    return [name for name in model.attributes if name not in shared | {"location", "areaServed"}]


def _why(own: Sequence[Match], hinted: float, model: DataModel) -> str:
    parts = []
    if own:
        parts.append("has " + ", ".join(f"{one.attribute} ({one.column})" for one in own[:5]))
    if hinted >= _HINTED:
        parts.append(f"the file's name speaks of {model.title.get('en', model.name).lower()}")
    return "; ".join(parts) or "little in common"


def _hinted(about: str, model: DataModel) -> float:
    """How near a word of the file's name is to a word for the model."""
    wanted = [words(model.name), *(words(one) for one in (*model.also, *model.title.values()))]
    return max((fuzz.ratio(one, part) / 100 for part in about.split() for one in wanted), default=0.0)


def _assigned(columns: Sequence[Column], model: DataModel) -> dict[str, Match]:
    """The best attribute of each column; an attribute is given once, to the column that is most like it."""
    pairs = [
        found
        for one in columns
        for name, attribute in model.attributes.items()
        if (found := match(one, name, attribute)) is not None
    ]
    chosen: dict[str, Match] = {}
    taken: set[str] = set()
    for found in sorted(pairs, key=lambda pair: -pair.confidence):
        if found.column not in chosen and found.attribute not in taken:
            chosen[found.column] = found
            taken.add(found.attribute)
    return chosen


def match(column: Column, name: str, attribute: ModelAttribute) -> Match | None:
    """How a column is like an attribute; None where it cannot be it."""
    if not _fits_type(column, attribute):
        return None
    likeness, called = max((_likeness(column.label, words(one)), one) for one in (name, *attribute.also))
    if likeness < LEAST:
        return None
    unit, from_unit, factor, remark = _unit(column, attribute)
    reason = f"called like {called!r}" + (f"; {remark}" if remark else "")
    return Match(column.name, name, round(likeness * factor, 2), reason, unit, from_unit)


def _likeness(label: str, wanted: str) -> float:
    """0 to 1; a label that has all the wanted words, among others, is nearly it."""
    if not label or not wanted:
        return 0.0
    whole = fuzz.ratio(label, wanted) / 100
    if len(wanted) < 3 or len(label) < 3:
        return whole if whole == 1 else 0.0
    least = 0.82 if len(wanted) >= 9 else 0.88  # "station" is no "status"
    return max(whole if whole >= least else 0.0, _among(label.split(), wanted.split()))


def _among(label: list[str], wanted: list[str]) -> float:
    """How much a label is what it has among other words: most of it, its beginning, or only a part."""
    if not set(wanted) <= set(label):
        return 0.0
    worded = [word for word in label if not word.isdigit()]
    if len(wanted) >= len(worded) / 2:
        return 0.9
    return 0.8 if label[: len(wanted)] == wanted else 0.7


def _fits_type(column: Column, attribute: ModelAttribute) -> bool:
    if column.kind == "empty" or attribute.type == "geometry":
        return False
    if attribute.values and column.codes and not set(column.codes) & set(attribute.values):
        return False
    return attribute.type == "any" or column.kind in _TYPES[attribute.type]


def _unit(column: Column, attribute: ModelAttribute) -> tuple[str | None, str | None, float, str]:
    """(unit, from_unit, factor on the confidence, remark)."""
    wanted = attribute.unit
    if wanted is None:
        return column.unit, None, 1.0, ""
    given = column.unit
    if given is None and wanted == "C62" and attribute.maximum == 1 and (column.high or 0) > 1:
        return wanted, "P1", 0.95, f"values reach {column.high:g}: taken as per cent"
    if given is None:
        in_bounds = _in_bounds(column, attribute)
        remark = f"no unit in its name: taken as {wanted}"
        return (
            wanted,
            None,
            0.95 if in_bounds else 0.6,
            remark if in_bounds else f"{remark}, though out of bounds",
        )
    if units.mistake(wanted, given) is not None:
        return given, None, 0.3, f"its unit {given} is not that of the model ({wanted})"
    if given == wanted:
        return wanted, None, 1.0, f"in {wanted}"
    return wanted, given, 1.0, f"converted from {given} to {wanted}"


def _in_bounds(column: Column, attribute: ModelAttribute) -> bool:
    low, high = attribute.minimum, attribute.maximum
    if column.low is None or column.high is None:
        return True
    return (low is None or column.low >= low) and (high is None or column.high <= high)
