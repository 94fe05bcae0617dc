"""One simulator, other entities: a city says under which types its own entities answer a model's needs.

A network of places is a network of places, whether the twin calls its sites ``ChildcareSite`` or ``Library``. The model
states its needs in words of its own; ``[types]`` of a city's model says what these are called here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.simulator import Simulator


def named(simulator: type[Simulator], types: Mapping[str, str], where: str) -> type[Simulator]:
    """The simulator with the types of its needs as the city has them; ``types`` maps a need's name to a type.

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
    return _named(simulator, tuple(sorted(types.items()))) if types else simulator


@lru_cache(maxsize=64)
def _named(simulator: type[Simulator], types: tuple[tuple[str, str], ...]) -> type[Simulator]:
    given = dict(types)
    needs = tuple(replace(need, type=given.get(need.name, need.type)) for need in simulator.needs)
    body = {"needs": needs, "__module__": simulator.__module__, "__qualname__": simulator.__qualname__}
    return type(simulator.__name__, (simulator,), body)
