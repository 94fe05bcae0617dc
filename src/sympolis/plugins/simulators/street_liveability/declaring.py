"""Short forms for what the model declares: texts in three languages, numbers with bounds and source."""

from __future__ import annotations

from collections.abc import Mapping

from sympolis.plugins.simulator import Parameter

Texts = Mapping[str, str]


def texts(en: str, it: str, de: str) -> Texts:
    """The same in three languages."""
    return {"en": en, "it": it, "de": de}


def number(
    name: str,
    title: Texts,
    unit: str,
    default: float,
    bounds: tuple[float, float],
    plausible: tuple[float, float] | None,
    source: str,
) -> Parameter:
    """A number with hard bounds, the range over which it is honestly uncertain, and where these come from."""
    low, high = bounds
    return Parameter(
        name, title, unit=unit, default=default, low=low, high=high, plausible=plausible, source=source
    )
