"""Turns what was counted of a delivery into the figures of an ``Evaluation``, each with what was expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sympolis.acquisition.evaluation import Evaluation, Measure
from sympolis.acquisition.findings import Finding, refusing
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.mapping import column_names
from sympolis.acquisition.survey import Usual, scale_shift
from sympolis.acquisition.tally import GRID, Tally
from sympolis.acquisition.times import duration

_HOUR: Final = timedelta(hours=1)


def evaluate(  # noqa: PLR0913 - what is known of an arrival
    tally: Tally,
    planned: PlannedSource,
    usual: Usual,
    *,
    found: Sequence[Finding],
    run: str,
    at: datetime,
    newest: datetime | None,
    data_version: str,
) -> Evaluation:
    """The figures of a delivery that arrived ``at`` and was read by ``run``; ``newest`` observation of the source."""
    return Evaluation(
        id=run,
        source=planned.source.id,
        at=at,
        occasion="arrival",
        run=run,
        data_version=data_version,
        taken=not refusing(found),
        rows=tally.read,
        measures=tuple([*_of_rows(tally, planned, usual), *timeliness(planned, newest, at)]),
        findings=tuple(one.to_json() for one in found),
        profile=tally.profile() if not refusing(found) else {},
    )


def _of_rows(tally: Tally, planned: PlannedSource, usual: Usual) -> Iterator[Measure]:
    read = max(1, tally.read)
    expected = planned.source.expectations
    yield Measure(
        metric="rows",
        dimension="completeness",
        value=tally.read,
        unit="rows",
        expected=f"at least {expected.min_rows}",
        passed=tally.read >= expected.min_rows,
    )
    yield from _filled(tally, planned)
    accepted = 1 - tally.refused / read
    yield Measure(
        metric="accepted",
        dimension="validity",
        value=accepted,
        expected=f"at least {1 - expected.max_refused:g}",
        passed=accepted >= 1 - expected.max_refused,
    )
    repeated = (tally.duplicates + tally.rules["duplicate"]) / read
    yield Measure(metric="unique", dimension="uniqueness", value=1 - repeated)
    yield Measure(metric="in-range", dimension="plausibility", value=1 - tally.rules["range"] / read)
    yield from _scale(tally, planned, usual)
    if planned.mapping.geometry is not None:
        yield Measure(
            metric="located", dimension="spatial-coverage", value=1 - tally.rules["geometry"] / read
        )
        share = len(tally.cells) / GRID**2
        yield Measure(metric="cells-covered", dimension="spatial-coverage", value=share)


def _filled(tally: Tally, planned: PlannedSource) -> Iterator[Measure]:
    """Of the values that the accepted rows could have, those they have."""
    rows = tally.read - tally.refused - tally.duplicates
    if rows <= 0:
        return
    cells = {one.attribute: len(column_names(one)) for one in planned.mapping.series}
    per_row = {**{rule.name: 1 for rule in planned.mapping.attributes}, **cells}
    for name, most in per_row.items():
        wanted = planned.source.expectations.attributes.get(name)
        share = min(1.0, tally.filled[name] / (rows * most))
        passed = share >= 1 if wanted is not None and wanted.required else None
        yield Measure(
            metric="filled",
            dimension="completeness",
            value=share,
            attribute=name,
            expected="every row" if passed is not None else "",
            passed=passed,
        )


def _scale(tally: Tally, planned: PlannedSource, usual: Usual) -> Iterator[Measure]:
    limit = planned.source.expectations.max_shift
    for name, cells in tally.profile().items():
        shift = scale_shift(cells, usual.profile.get(name, {}))
        if shift is not None:
            factor = 10**shift
            yield Measure(
                metric="scale",
                dimension="plausibility",
                value=factor,
                attribute=name,
                expected=f"{1 / limit:.3g} to {limit:g} times the usual",
                passed=1 / limit < factor < limit,
            )


def timeliness(planned: PlannedSource, newest: datetime | None, at: datetime) -> Iterator[Measure]:
    """How old the newest observation is, in hours; nothing for sources without observations."""
    allowed = duration(planned.source.expectations.max_age)
    if newest is None:
        return
    age = at - newest
    yield Measure(
        metric="age",
        dimension="timeliness",
        value=round(age / _HOUR, 2),
        unit="h",
        expected="" if allowed is None else f"at most {allowed / _HOUR:g} h",
        passed=None if allowed is None else age <= allowed,
    )
