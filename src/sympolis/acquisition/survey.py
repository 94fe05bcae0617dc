"""Looks at a delivery as a whole while its rows pass the gate: how many, how full, how large the values, and where.

One bad row says little; a third of them, half the length or ten times the values say that the delivery is not what was
agreed. What is usual is learnt from the deliveries before (``Usual``), hour of the week by hour of the week, because
three in the morning is not a fault of eight o'clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from sympolis.acquisition import findings
from sympolis.acquisition.evaluation import Profile
from sympolis.acquisition.findings import Finding
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.likeness import is_cut_off
from sympolis.acquisition.placing import misplaced, raw_positions
from sympolis.acquisition.remarks import remark
from sympolis.acquisition.tally import Tally
from sympolis.acquisition.translate import Place

_LEAST_VALUES: Final = 8
"""Fewer values than this say nothing about their scale."""
_LEAST_REPEATED: Final = 0.5
_GARBLED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Usual:
    """What the deliveries before were like; empty for the first."""

    rows: int = 0
    profile: Profile = field(default_factory=dict)


def judge(tally: Tally, planned: PlannedSource, usual: Usual, place: Place) -> list[Finding]:
    """What is to be said about the delivery as a whole."""
    found = [
        *_length(tally, planned, usual),
        *_refused(tally, planned, place),
        *_scale(tally, planned, usual),
        *_texts(tally, planned),
    ]
    if tally.read and tally.duplicates / tally.read >= _LEAST_REPEATED:
        values = {"duplicates": tally.duplicates, "read": tally.read}
        found.append(Finding("repeated", values, refuses=False))
    return found


def _length(tally: Tally, planned: PlannedSource, usual: Usual) -> list[Finding]:
    expected = planned.source.expectations
    if tally.read < usual.rows and is_cut_off(planned):
        return [Finding("cut", {"read": tally.read, "before": usual.rows})]
    if tally.read < expected.min_rows:
        return [Finding("few", {"read": tally.read, "expected": expected.min_rows})]
    if tally.read < usual.rows * (1 - expected.max_shrink):
        return [Finding("shrunk", {"read": tally.read, "before": usual.rows})]
    return []


def _refused(tally: Tally, planned: PlannedSource, place: Place) -> list[Finding]:
    if tally.refused <= planned.source.expectations.max_refused * tally.read:
        return []
    counts = {"refused": tally.refused, "read": tally.read}
    rule = planned.mapping.geometry
    if tally.misfits * 2 > tally.refused:
        return [Finding("shifted", counts)]
    found = []
    if rule is not None and tally.outside and tally.rules["geometry"] * 2 > tally.refused:
        positions = raw_positions(rule, tally.outside)
        where = misplaced(positions, planned.source.crs, place.bbox)
        found += [where] if where is not None else []
    (name, _), (_, reason) = max(tally.reasons.items(), key=lambda item: item[1][0])
    told = {language: remark(reason, language).text for language in findings.LANGUAGES}
    found.append(Finding("refused", {**counts, "field": name or "–", "reason": told}))
    return [*found, Finding("unit")] if reason.rule == "range" else found


def _scale(tally: Tally, planned: PlannedSource, usual: Usual) -> list[Finding]:
    limit = math.log10(planned.source.expectations.max_shift)
    found = []
    for name, cells in tally.profile().items():
        shift = scale_shift(cells, usual.profile.get(name, {}))
        if shift is not None and abs(shift) >= limit:
            found.append(Finding("scale", {"field": name, "factor": f"{10**shift:.3g}"}))
    return found


def scale_shift(
    now: Mapping[int, tuple[float, int]], before: Mapping[int, tuple[float, int]]
) -> float | None:
    """By how many powers of ten the values are larger than those of the same hours before; None if that is unknown."""
    steps: list[float] = []
    values = 0
    for cell, (middle, count) in now.items():
        usual = before.get(cell, (0.0, 0))[0]
        if middle > 0 and usual > 0:
            steps.append(math.log10(middle / usual))
            values += count
    return median(steps) if values >= _LEAST_VALUES else None


def _texts(tally: Tally, planned: PlannedSource) -> list[Finding]:
    if not tally.garbled:
        return []
    expected = getattr(planned.settings, "encoding", "utf-8")
    found = "utf-8" if "utf" not in expected.lower() else "–"
    values = {"example": tally.garbled_example, "found": found, "expected": expected}
    return [Finding("garbled", values, refuses=tally.garbled >= _GARBLED * tally.accented)]
