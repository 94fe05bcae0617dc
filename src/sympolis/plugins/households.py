"""Children in new homes: the one piece of arithmetic that a forecast of children and a network of places share.

Whoever moves into new homes brings children with them; how many follows from dwellings, people in each and the
share of children of each age among them. Both simulators must agree on it, and plugins may not import each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.declaring import PLANNER, amount, number, texts
from sympolis.plugins.simulator import Parameter

Values = NDArray[np.float64]

AGES = 15
"""Single years of age of a child, 0 to 14."""

DWELLINGS = amount(
    "dwellings", texts("New dwellings", "Nuove abitazioni", "Neue Wohnungen"), "1", 300, (1, 20_000)
)
PEOPLE_EACH = number(
    "people_each",
    texts("People in each dwelling", "Persone per abitazione", "Personen je Wohnung"),
    "1",
    2.0,
    (1.0, 5.0),
    "Assumption: between the mean of old and new dwellings of German cities; a large one has 1.8 residents per "
    "dwelling (632,560 residents of 2024, 348,312 dwellings of 2022), new and family homes hold more",
    (1.7, 2.4),
)
CHILDREN_SHARE = number(
    "children_share",
    texts("Children under 15 among them", "Bambini sotto i 15 anni tra loro", "Kinder unter 15 unter ihnen"),
    "1",
    0.18,
    (0.0, 0.6),
    "Assumption: above a large city's mean (13.5 %), since families with small children move most",
    (0.13, 0.26),
)
BUILT_SHARE = number(
    "built_share",
    texts("Built and moved into by then", "Costruite e abitate per allora", "Bis dahin gebaut und bezogen"),
    "1",
    1.0,
    (0.0, 1.0),
    PLANNER,
)
PARAMETERS: tuple[Parameter, ...] = (DWELLINGS, PEOPLE_EACH, CHILDREN_SHARE, BUILT_SHARE)

_YOUNGER_FIRST = 0.06


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Who moves into new homes: people in all, and children by single year of age."""

    people: float
    children: Values


def newcomers(given: Mapping[str, Any]) -> Newcomers:
    """From a measure's parameters. Each year of age has 6 % fewer than the one before: the young move most."""
    people = float(given["dwellings"]) * float(given["built_share"]) * float(given["people_each"])
    weights = (1.0 - _YOUNGER_FIRST) ** np.arange(AGES)
    return Newcomers(people, people * float(given["children_share"]) * weights / weights.sum())
