"""One simulator, other entities: a city says under which types its own entities answer a model's needs.

A network of places is a network of places, whether the twin calls its sites ``ChildcareSite`` or ``Library``. The model
states its needs in words of its own; ``[types]`` of a city's model says what these are called here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.simulator import Parameter, Simulator

_Told = tuple[str, tuple[tuple[str, str], ...], Any, tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a city says of a model's parameter: its value, who says so and, where it stays uncertain, its range."""

    value: Any
    source: str
    span: tuple[float, float] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """The source in other languages."""

    def told(self) -> _Told:
        """The same as one that can be compared and kept."""
        texts = tuple(sorted(self.texts.items()))
        return self.source, texts, self.value if self.span else None, self.span


def named(
    simulator: type[Simulator],
    types: Mapping[str, str],
    where: str,
    stated: Mapping[str, Stated] | None = None,
) -> type[Simulator]:
    """The simulator with the types of its needs as the city has them; ``types`` maps a need's name to a type.

    ``stated``: by parameter, what the city says of it in the model's stead; the ensemble draws from a range given here.
    Raises ``SettingsInvalid`` for a need that the model does not have. Workers load the plugin's own class: only the
    gathering side reads types.
    """
    known = [need.name for need in simulator.needs]
    for name in types:
        if name not in known:
            hint = did_you_mean(name, known)
            raise errors.SettingsInvalid(
                f"the model has no need {name!r}", where=f"{where}: types.{name}", hint=hint
            )
    ranged = {name: one for name, one in (stated or {}).items() if one.span is not None}
    for name, value in ranged.items():
        _refuse_range(simulator, name, value, f"{where}: parameters.{name}")
    told = tuple((name, one.told()) for name, one in sorted((stated or {}).items()))
    return _named(simulator, tuple(sorted(types.items())), told) if types or told else simulator


def _refuse_range(simulator: type[Simulator], name: str, stated: Stated, where: str) -> None:
    known = {one.name: one for one in simulator.parameters}
    if name not in known:
        raise errors.SettingsInvalid("is not a parameter", where=where, hint=did_you_mean(name, known))
    assert stated.span is not None
    (low, high), one = stated.span, known[name]
    least, most = (one.low if one.low is not None else low), (one.high if one.high is not None else high)
    if not (least <= low <= stated.value <= high <= most):
        raise errors.SettingsInvalid(
            f"{low} to {high} must hold {stated.value} and lie within {least} to {most}", where=where
        )


@lru_cache(maxsize=64)
def _named(
    simulator: type[Simulator],
    types: tuple[tuple[str, str], ...],
    stated: tuple[tuple[str, _Told], ...],
) -> type[Simulator]:
    given = dict(types)
    needs = tuple(replace(need, type=given.get(need.name, need.type)) for need in simulator.needs)
    said = dict(stated)
    parameters = tuple(
        _said(one, *said[one.name]) if one.name in said else one for one in simulator.parameters
    )
    body = {
        "needs": needs,
        "parameters": parameters,
        "__module__": simulator.__module__,
        "__qualname__": simulator.__qualname__,
    }
    return type(simulator.__name__, (simulator,), body)


def _said(
    one: Parameter,
    source: str,
    texts: tuple[tuple[str, str], ...],
    value: Any,
    span: tuple[float, float] | None,
) -> Parameter:
    told = replace(one, source=source, source_texts=dict(texts))
    return told if span is None else replace(told, default=value, plausible=span)
