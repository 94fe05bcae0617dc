"""Children by single year of age from totals alone: what births, ageing and migration make of them, year by year.

Cities publish how many children under 15 an area has, seldom how many of each age. Births bring a year of age in at
the bottom, ageing takes one out at the top; what is then missing or too much against the published total is net
migration, spread over all ages alike. Run over twenty years, the ages follow from the births (cohort-component method:
Whelpton 1928, American Journal of Sociology 34; ratios instead of flows for small areas: Hamilton & Perry 1962, Social
Forces 41(2), 163-170).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.households import AGES

Values = NDArray[np.float64]

USUAL_BIRTH_RATE = 0.0135
"""Births a year per person aged 15 to 64 where none are known: Germany 2023, 692,989 births (Destatis) and about 53
million of that age; higher where many are young."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of each area at the end of each year; arrays have shape (years, areas)."""

    ids: tuple[str, ...]
    years: tuple[int, ...]
    children: Values
    adults: Values
    """Aged 15 to 64."""
    people: Values
    births: Mapping[int, float]
    """Of the whole city, by year, as far as known."""

    def until(self, year: int) -> Record:
        """The record as it was at the end of ``year``: what came later is forgotten."""
        keep = sum(one <= year for one in self.years)
        known = {when: number for when, number in self.births.items() if when <= year}
        return Record(
            self.ids, self.years[:keep], self.children[:keep], self.adults[:keep], self.people[:keep], known
        )


@dataclass(frozen=True, slots=True)
class Habits:
    """How the past is carried on: net migration and growth of the last ``years`` years, an area's own with ``own``
    (0..1) and the city's with the rest, fading by ``fading`` each year."""

    years: int = 5
    own: float = 0.5
    fading: float = 0.8


@dataclass(frozen=True, slots=True)
class Present:
    """Where a forecast starts: children by age (ages, areas), adults, and yearly log changes per area."""

    year: int
    ages: Values
    adults: Values
    migration: Values
    growth: Values
    birth_rate: float
    """Births a year per adult of the city."""
    leaning: Values
    """Of each area, its births per adult against the city's."""


@dataclass(frozen=True, slots=True)
class Future:
    """Children by age (ages, areas), adults and people of each area after some years."""

    year: int
    ages: Values
    adults: Values


def birth_rates(record: Record) -> Values:
    """Births per adult of each year: known ones, between them a straight line, before and after the nearest."""
    adults = record.adults.sum(axis=1)
    known = [(year, number) for year, number in sorted(record.births.items()) if year in record.years]
    if not known:
        return np.full(len(record.years), USUAL_BIRTH_RATE)
    at = [year for year, _ in known]
    rates = [number / adults[record.years.index(year)] for year, number in known]
    return np.asarray(np.interp(record.years, at, rates), dtype=np.float64)


def present(record: Record, habits: Habits) -> Present:
    """Rebuild the ages up to the record's last year, and the habits that a forecast carries on."""
    rates = birth_rates(record)
    leaning = _leaning(record)
    ages = np.repeat(record.children[:1] / AGES, AGES, axis=0)
    ratios = []
    for step in range(1, len(record.years)):
        ages = _older(ages, rates[step] * leaning * record.adults[step])
        ratio = record.children[step] / ages.sum(axis=0)
        ages = ages * ratio
        ratios.append(np.log(ratio))
    growth = np.diff(np.log(record.adults), axis=0)
    return Present(
        year=record.years[-1],
        ages=ages,
        adults=record.adults[-1],
        migration=_carried(np.array(ratios), record.children, habits),
        growth=_carried(growth, record.adults, habits),
        birth_rate=float(rates[-1]),
        leaning=leaning,
    )


def _leaning(record: Record) -> Values:
    """Areas with more children per adult have more births per adult; mean of the last three years, city 1."""
    own = (record.children[-3:] / record.adults[-3:]).mean(axis=0)
    city = record.children[-3:].sum() / record.adults[-3:].sum()
    leaning = own / city
    return np.asarray(leaning / np.average(leaning, weights=record.adults[-1]), dtype=np.float64)


def _carried(changes: Values, weights: Values, habits: Habits) -> Values:
    """Mean log change a year of the last years: an area's own mixed with the city's."""
    recent = changes[-habits.years :]
    own = recent.mean(axis=0)
    city = np.average(own, weights=weights[-1])
    return np.asarray(habits.own * own + (1.0 - habits.own) * city, dtype=np.float64)


def _older(ages: Values, born: Values) -> Values:
    """A year later, before anybody moves: newborn at 0, everybody else a year older, those of 14 no longer children."""
    return np.vstack([born[None, :], ages[:-1]])


def forecast(
    start: Present,
    steps: int,
    habits: Habits,
    *,
    births_factor: float = 1.0,
    migration_factor: float = 1.0,
    newcomers: Values | None = None,
) -> list[Future]:
    """The areas after 0, 1, … ``steps`` years.

    ``births_factor`` scales births per adult. ``migration_factor`` scales how adults' numbers change, and adds the
    same to children's. ``newcomers`` (ages, areas) move in evenly over the years, and age like everybody.
    """
    ages, adults = start.ages, start.adults
    rate = start.birth_rate * births_factor
    found = [Future(start.year, ages, adults)]
    for step in range(steps):
        fade = habits.fading**step
        more = (migration_factor - 1.0) * np.abs(start.growth) * fade
        adults = adults * np.exp(start.growth * fade + more)
        ages = _older(ages, rate * start.leaning * adults) * np.exp(start.migration * fade + more)
        if newcomers is not None:
            ages = ages + newcomers / steps
        found.append(Future(start.year + step + 1, ages, adults))
    return found
