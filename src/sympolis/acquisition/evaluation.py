"""The quality of a source at a moment, in figures: what was measured, of which dimension, and whether it was enough.

One record for each delivery (``arrival``) and whenever the verdict changes by time alone (``watch``): together they are
the trend. Dimensions are those of ISO/IEC 25012 where it has a word; ``governance.quality`` publishes them as DQV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

Profile = Mapping[str, Mapping[int, tuple[float, int]]]
"""Attribute → hour of the week (UTC, 0: Monday 00–01; -1: without a time) → median and number of values."""

DIMENSIONS: Final = (
    "completeness",
    "validity",
    "uniqueness",
    "timeliness",
    "plausibility",
    "spatial-coverage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure. ``passed`` is None where nothing is expected of it; ``unit`` is ``1`` for a share."""

    metric: str
    dimension: str
    value: float
    unit: str = "1"
    attribute: str | None = None
    expected: str = ""
    passed: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The figures of one moment. ``taken`` is False for a delivery that was refused whole."""

    id: str
    source: str
    at: datetime
    occasion: str
    """``arrival`` or ``watch``."""
    run: str = ""
    data_version: str = ""
    taken: bool = True
    rows: int = 0
    measures: tuple[Measure, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    """``findings.Finding`` as its JSON."""
    profile: Profile = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md; without the profile, which is for comparing only."""
        shown = asdict(self)
        del shown["profile"]
        return shown
