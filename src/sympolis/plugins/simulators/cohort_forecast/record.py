"""Reads the twin's yearly figures of people into the arrays that cohorts are rebuilt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulator import Inputs
from sympolis.plugins.simulators.cohort_forecast import settings
from sympolis.plugins.simulators.cohort_forecast.cohorts import Record

FILE = "record.json"
LEAST_YEARS = 4

Entity = Mapping[str, Any]
Yearly = dict[int, float]


@dataclass(frozen=True, slots=True)
class Kept:
    """What ``prepare`` leaves for each run: the record as lists, and what had to be said about it."""

    ids: list[str]
    years: list[int]
    children: list[list[float]]
    adults: list[list[float]]
    people: list[list[float]]
    births: dict[int, float]
    notes: list[str]

    def record(self) -> Record:
        """As arrays of shape (years, areas)."""
        arrays = (np.array(rows, dtype=np.float64) for rows in (self.children, self.adults, self.people))
        children, adults, people = arrays
        return Record(tuple(self.ids), tuple(self.years), children, adults, people, self.births)


def prepare(inputs: Inputs, folder: Path) -> Kept:
    """Keep the years for which each area's people and ages are known. Raises ``ModelFailed`` where they are too few."""
    placed = {str(area["id"]) for area in inputs[settings.AREAS] if area.get("location")}
    found = {str(one["id"]): _of(one) for one in inputs[settings.RECORD] if one["id"] in placed}
    whole = {name: parts for name, parts in found.items() if all(parts)}
    years = _common(list(whole.values()))
    if len(years) < LEAST_YEARS:
        raise ModelFailed(
            f"people and their ages are known for {len(years)} years in a row, {LEAST_YEARS} are needed",
            where="StatisticalArea",
            hint="bring population, populationUnder15 and populationOver65 year by year",
        )
    births, notes = _births(inputs.get(settings.BIRTHS, ()))
    if left := sorted(found.keys() - whole.keys()):
        notes.append(f"{len(left)} areas without known ages are left out, e.g. {left[0]}")
    kept = _kept(whole, years, births, notes)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(msgspec.json.encode(kept))
    return kept


def load(folder: Path) -> Kept:
    """What ``prepare`` left."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Kept)


def _of(entity: Entity) -> tuple[Yearly, Yearly, Yearly]:
    series = entity.get("series", {})
    names = ("population", "populationUnder15", "populationOver65")
    people, young, old = (_yearly(series.get(name)) for name in names)
    return people, young, old


def _yearly(series: Mapping[str, Sequence[Any]] | None) -> Yearly:
    """The last value of each year; numbers only."""
    if not series:
        return {}
    pairs = zip(series["times"], series["values"], strict=True)
    return {int(str(at)[:4]): float(value) for at, value in pairs if isinstance(value, int | float)}


def _common(parts: list[tuple[Yearly, Yearly, Yearly]]) -> list[int]:
    """Years without a gap, to the last, that every area has in all three series."""
    sets = [set(series) for three in parts for series in three]
    shared = sorted(set.intersection(*sets)) if sets else []
    run: list[int] = []
    for year in shared:
        run = [*run, year] if run and year == run[-1] + 1 else [year]
    return run


def _births(found: Sequence[Entity]) -> tuple[Yearly, list[str]]:
    counted: Yearly = {}
    guessed: Yearly = {}
    for one in found:
        series = one.get("series", {})
        counted |= _yearly(series.get("births"))
        guessed |= _yearly(series.get("birthsEstimate"))
    notes = [] if counted else ["births are not known: a usual number per adult stands in"]
    if only := sorted(guessed.keys() - counted.keys()):
        notes.append(f"births of {', '.join(map(str, only))} are estimates of part of the year")
    return guessed | counted, notes


def _kept(
    whole: Mapping[str, tuple[Yearly, Yearly, Yearly]], years: list[int], births: Yearly, notes: list[str]
) -> Kept:
    ids = sorted(whole)
    people = [[whole[name][0][year] for name in ids] for year in years]
    children = [[max(whole[name][1][year], 1.0) for name in ids] for year in years]
    old = [[whole[name][2][year] for name in ids] for year in years]
    adults = [
        [max(p - c - o, 1.0) for p, c, o in zip(*rows, strict=True)]
        for rows in zip(people, children, old, strict=True)
    ]
    return Kept(ids, years, children, adults, people, births, notes)
