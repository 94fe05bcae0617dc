"""A run's results as figures of buildings: those of the building itself, else those of the area it lies in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

_MISSING: Final = -9999.0
_OTHER: Final = re.compile(r"[^A-Za-z0-9_]")


async def run_columns(
    desk: Desk, run: str, hour: int | None, keys: Sequence[Sequence[str]]
) -> dict[str, list[float]]:
    """By field (``run_<field>``) the mean at ``hour`` for each of ``keys``: its first name that the run speaks of.

    Raises ``NotFound`` where there is no such run or hour, ``Conflict`` where it has not finished.
    """
    results = await desk.results(run)
    hours = results["hours"]
    if hour is not None and hour not in hours:
        raise errors.NotFound(
            f"the run has no hour {hour}", where="hour", hint=f"from {hours[0]} to {hours[-1]}"
        )
    row = 0 if hour is None else hours.index(hour)
    at = {name: column for column, name in enumerate(results["features"])}
    columns = [next((at[one] for one in names if one in at), None) for names in keys]
    return {
        f"run_{_OTHER.sub('_', name)}": [_value(field["mean"][row], column) for column in columns]
        for name, field in results["fields"].items()
    }


def _value(means: Sequence[float | None], column: int | None) -> float:
    found = None if column is None else means[column]
    return _MISSING if found is None else float(found)
