"""Is this what-if one that the model can answer? Every reason why not, each at its place, before anything runs.

A scenario document is what ``POST /api/scenarios`` takes. Its frame (title, window, base) must be well-formed, else
``BadRequestData``; its overrides are judged against the measures the model declares, and every objection is collected,
so that a planner sees all of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.domain.scenario import Override, Scenario, Window
from sympolis.plugins.simulator import Measure, Parameter

BASELINE = "baseline"
"""The base of every chain: the world as it is."""

LONGEST_CHAIN = 16
MOST_OVERRIDES = 50
MOST_SEGMENTS = 5_000
MOST_POSITIONS = 5_000
LONGEST_TEXT = 2_000

Geometry = Mapping[str, Any]
_NOUNS: Mapping[str, str] = {"segments": "street segment", "features": "feature"}
AreaResolver = Callable[[str], Geometry | None]
"""From an area's entity id to its Polygon or MultiPolygon; None where there is no such area."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an override is not allowed: its index, the member concerned, the reason in words and what to do."""

    override: int
    where: str
    reason: str
    hint: str = ""

    def error(self) -> errors.OverrideRefused:
        """As the error that refuses the whole scenario."""
        return errors.OverrideRefused(self.reason, where=self.where, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario document whose frame is sound; its ``overrides`` are still as they came."""

    title: Mapping[str, str]
    question: Mapping[str, str]
    model: str
    window: Window
    base: str
    author: str
    overrides: tuple[Any, ...]


_MEMBERS = (
    "id", "title", "question", "model", "overrides", "window", "base", "author", "status", "version",
    "created_at", "modified_at", "latest_run", "builtin", "approved_version",
)  # fmt: skip


def parse(document: Any, *, models: Collection[str], language: str = "en") -> Draft:
    """The frame of a scenario document.

    ``models`` are the models there are (the only one is the default); ``language`` is the language of a title given
    as plain text. Raises ``BadRequestData`` naming the member.
    """
    if not isinstance(document, Mapping):
        raise errors.BadRequestData("a scenario is a JSON object", where="body")
    for name in document:
        if name not in _MEMBERS:
            raise errors.BadRequestData(
                "is not a member of a scenario", where=str(name), hint=did_you_mean(str(name), _MEMBERS)
            )
    return Draft(
        title=_texts(document.get("title"), "title", language, required=True),
        question=_texts(document.get("question"), "question", language),
        model=_model(document.get("model"), models),
        window=_window(document.get("window")),
        base=_text(document.get("base", BASELINE), "base"),
        author=_text(document.get("author", ""), "author"),
        overrides=_overrides(document.get("overrides", ())),
    )


def read_overrides(given: Sequence[Any], measures: Sequence[Measure]) -> tuple[list[Override], list[Reason]]:
    """The overrides that are well-formed and allowed by ``measures``, and every reason against the others."""
    known = {measure.name: measure for measure in measures}
    allowed: list[Override] = []
    reasons: list[Reason] = []
    for index, item in enumerate(given):
        found = list(_objections(item, known, f"overrides[{index}]"))
        reasons += [Reason(index, where, reason, hint) for where, reason, hint in found]
        if not found:
            allowed.append(
                Override(item["measure"], _plain(item["where"]), dict(item.get("parameters") or {}))
            )
    return allowed, reasons


def resolve(
    overrides: Sequence[Override], areas: AreaResolver, features: Collection[str]
) -> tuple[list[Override], list[Reason]]:
    """Targets made concrete: an ``area`` gets its polygon beside it, unknown areas and features become reasons.

    ``features`` are the ids of all features the model's results can refer to.
    """
    resolved: list[Override] = []
    reasons: list[Reason] = []
    for index, given in enumerate(overrides):
        place, override = f"overrides[{index}].where", given
        if "area" in given.where:
            geometry = areas(override.where["area"])
            if geometry is None:
                reasons.append(Reason(index, f"{place}.area", f"there is no area {override.where['area']}"))
            override = replace(given, where={**given.where, "polygon": geometry})
        for target in ("segments", "features"):
            unknown = [name for name in override.where.get(target, ()) if name not in features]
            if unknown:
                text = f"the model has no {_NOUNS[target]} {unknown[0]}"
                more = f" (and {len(unknown) - 1} more of those named)" if len(unknown) > 1 else ""
                hint = f"pick {target} on the model's map layer"
                reasons.append(Reason(index, f"{place}.{target}", text + more, hint))
        resolved.append(override)
    return resolved, reasons


def compose(scenario: Scenario, lookup: Callable[[str], Scenario | None]) -> tuple[Override, ...]:
    """All overrides from the baseline up: the bases' first, the scenario's own last (later ones weigh more).

    Raises ``Conflict`` where the chain of bases is broken, loops, is too long, or mixes models.
    """
    chain = [scenario]
    while chain[-1].base != BASELINE:
        below = _below(chain, lookup)
        chain.append(below)
    return tuple(override for part in reversed(chain) for override in part.overrides)


def _below(chain: Sequence[Scenario], lookup: Callable[[str], Scenario | None]) -> Scenario:
    top = chain[-1]
    found = lookup(top.base)
    if found is None:
        raise errors.Conflict(f"its base {top.base!r} does not exist", where=f"scenario {top.id}: base")
    if any(found.id == part.id for part in chain) or len(chain) >= LONGEST_CHAIN:
        text = f"the chain of bases loops or has more than {LONGEST_CHAIN} links"
        raise errors.Conflict(text, where=f"scenario {top.id}: base", hint="base it on 'baseline'")
    if found.simulator != top.simulator:
        text = f"its base is a scenario of the model {found.simulator!r}, not of {top.simulator!r}"
        raise errors.Conflict(text, where=f"scenario {top.id}: base")
    return found


# --- the frame --------------------------------------------------------------------------------------------------------


def _texts(value: Any, where: str, language: str, *, required: bool = False) -> Mapping[str, str]:
    if value is None and not required:
        return {}
    texts = {language: value} if isinstance(value, str) else value
    if not isinstance(texts, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) and len(v) <= LONGEST_TEXT for k, v in texts.items()
    ):
        hint = '{"it": "…", "en": "…"}'
        raise errors.BadRequestData("expected a text, or texts by language", where=where, hint=f"e.g. {hint}")
    kept = {str(key): text.strip() for key, text in texts.items() if text.strip()}
    if required and not kept:
        raise errors.BadRequestData("is missing or empty", where=where, hint="give the scenario a name")
    return kept


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise errors.BadRequestData("expected a text", where=where)
    return value


def _model(value: Any, models: Collection[str]) -> str:
    if value is None and len(models) == 1:
        return next(iter(models))
    if not isinstance(value, str) or value not in models:
        hint = did_you_mean(str(value), models)
        raise errors.BadRequestData(f"there is no model {value!r} here", where="model", hint=hint)
    return value


def _window(value: Any) -> Window:
    if value is None:
        return Window()
    if not isinstance(value, Mapping) or set(value) != {"start_hour", "end_hour"}:
        raise errors.BadRequestData('expected {"start_hour": …, "end_hour": …}', where="window")
    start, end = value["start_hour"], value["end_hour"]
    if not (_whole(start) and _whole(end) and 0 <= start < end <= 24):
        text = "expected whole hours with 0 ≤ start_hour < end_hour ≤ 24"
        raise errors.BadRequestData(text, where="window")
    return Window(int(start), int(end))


def _overrides(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise errors.BadRequestData("expected a list of overrides", where="overrides")
    if len(value) > MOST_OVERRIDES:
        text = f"{len(value)} overrides are more than the {MOST_OVERRIDES} a scenario may have"
        raise errors.BadRequestData(text, where="overrides", hint="draw one area instead of many streets")
    return tuple(value)


# --- one override -----------------------------------------------------------------------------------------------------

Objection = tuple[str, str, str]
"""(where, reason, hint)."""


def _objections(item: Any, known: Mapping[str, Measure], place: str) -> Iterator[Objection]:
    if not isinstance(item, Mapping):
        yield place, "an override is an object with measure, where and parameters", ""
        return
    for name in item:
        if name not in ("measure", "where", "parameters"):
            yield f"{place}.{name}", "is not a member of an override", "known: measure, where, parameters"
    measure = known.get(item["measure"]) if isinstance(item.get("measure"), str) else None
    if measure is None:
        reason = f"the model knows no measure {item.get('measure')!r}"
        yield f"{place}.measure", reason, did_you_mean(str(item.get("measure")), known)
        return
    yield from _target_objections(item.get("where", {}), measure, f"{place}.where")
    yield from _parameter_objections(item.get("parameters"), measure, f"{place}.parameters")


def _target_objections(where: Any, measure: Measure, place: str) -> Iterator[Objection]:
    if not isinstance(where, Mapping):
        yield place, "expected an object saying where the measure applies", ""
        return
    accepted = ", ".join(measure.targets) or "nothing: it applies everywhere"
    if len(where) != (1 if measure.targets else 0):
        yield place, f"{measure.name} needs exactly one target", f"it accepts {accepted}"
        return
    for target, value in where.items():
        if target not in measure.targets:
            yield (
                f"{place}.{target}",
                f"{measure.name} cannot be applied to {target!r}",
                f"it accepts {accepted}",
            )
        elif not _TARGETS[target][0](value):
            yield f"{place}.{target}", _TARGETS[target][1], ""


def _parameter_objections(given: Any, measure: Measure, place: str) -> Iterator[Objection]:
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        yield place, "expected an object of parameter values", ""
        return
    known = {parameter.name: parameter for parameter in measure.parameters}
    for name in given:
        if name not in known:
            yield (
                f"{place}.{name}",
                f"{measure.name} has no parameter {name!r}",
                did_you_mean(str(name), known),
            )
    for name, parameter in known.items():
        if name in given:
            reason = value_objection(parameter, given[name])
            if reason:
                yield f"{place}.{name}", reason, ""
        elif parameter.default is None and parameter.plausible is None:
            yield f"{place}.{name}", f"{measure.name} needs {name}", _expected(parameter)


def value_objection(parameter: Parameter, value: Any) -> str | None:
    """Why ``value`` is not allowed for ``parameter``; None if it is."""
    if not _fits(parameter, value):
        return f"expected {_expected(parameter)}, not {value!r}"
    return None


def _fits(parameter: Parameter, value: Any) -> bool:
    if parameter.kind == "boolean":
        return isinstance(value, bool)
    if parameter.kind == "choice":
        return value in parameter.choices
    if parameter.kind == "choices":
        known = parameter.choices
        return isinstance(value, list | tuple) and all(item in known for item in value)
    numeric = _whole(value) if parameter.kind == "integer" else _number(value)
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    return numeric and low <= value <= high


def _expected(parameter: Parameter) -> str:
    if parameter.kind in ("choice", "choices"):
        amount = "one" if parameter.kind == "choice" else "any"
        return f"{amount} of {', '.join(parameter.choices)}"
    if parameter.kind == "boolean":
        return "true or false"
    noun = "a whole number" if parameter.kind == "integer" else "a number"
    unit = f" {parameter.unit}" if parameter.unit not in ("", "1") else ""
    bounds = {
        (True, True): f" from {parameter.low} to {parameter.high}{unit}",
        (True, False): f" of at least {parameter.low}{unit}",
        (False, True): f" of at most {parameter.high}{unit}",
    }
    return noun + bounds.get((parameter.low is not None, parameter.high is not None), unit and f" in{unit}")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# --- targets ----------------------------------------------------------------------------------------------------------


def _is_segments(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and 0 < len(value) <= MOST_SEGMENTS
        and all(isinstance(item, str) and item for item in value)
    )


def _is_area(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_polygon(value: Any) -> bool:
    if not isinstance(value, Mapping) or value.get("type") not in ("Polygon", "MultiPolygon"):
        return False
    rings = value.get("coordinates")
    polygons = [rings] if value["type"] == "Polygon" else rings
    if not isinstance(polygons, list | tuple) or not polygons:
        return False
    found = [ring for polygon in polygons if isinstance(polygon, list | tuple) for ring in polygon]
    sizes = [len(ring) if isinstance(ring, list | tuple) else 0 for ring in found]
    return len(found) > 0 and sum(sizes) <= MOST_POSITIONS and all(_is_ring(ring) for ring in found)


def _is_ring(ring: Any) -> bool:
    """RFC 7946, 3.1.6: four or more positions, the first repeated as the last."""
    return (
        isinstance(ring, list | tuple)
        and len(ring) >= 4
        and all(_is_position(item) for item in ring)
        and list(ring[0]) == list(ring[-1])
    )


def _is_position(item: Any) -> bool:
    return (
        isinstance(item, list | tuple)
        and 2 <= len(item) <= 3
        and all(_number(part) for part in item)
        and abs(item[0]) <= 180
        and abs(item[1]) <= 90
    )


_TARGETS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "segments": (_is_segments, f"expected a list of 1 to {MOST_SEGMENTS} segment ids"),
    "features": (_is_segments, f"expected a list of 1 to {MOST_SEGMENTS} feature ids"),
    "area": (_is_area, "expected the id of an area"),
    "polygon": (
        _is_polygon,
        f"expected a closed GeoJSON Polygon (WGS84, at most {MOST_POSITIONS} positions)",
    ),
}


def _plain(where: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ids in one order without repetitions, so that the same set asked twice has the same key."""
    return {target: sorted(set(value)) if target in _NOUNS else value for target, value in where.items()}
