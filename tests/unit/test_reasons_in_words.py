"""Why a scenario is not allowed is said in the reader's language, whichever control of the builder it comes from."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sympolis.analysis.scenario import read_overrides, resolve
from sympolis.domain.numerals import MINUS
from sympolis.domain.scenario import Override
from sympolis.orchestration import saying
from sympolis.plugins.simulator import Measure, Parameter

LIMIT = Measure(
    "limit",
    {"en": "Limit the speed"},
    {"en": "Drive slower."},
    ("segments", "area", "polygon"),
    (
        Parameter("speed", {"en": "Speed"}, "integer", "km/h", low=10, high=50),
        Parameter("share", {"en": "Share"}, "number", default=0.5, low=0),
        Parameter("kind", {"en": "Kind"}, "choice", default="all", choices=("all", "cars")),
    ),
)


@pytest.mark.parametrize(
    ("where", "given"),
    [
        ({}, {"speed": 30}),
        ({"segments": []}, {"speed": 30}),
        ({"area": ""}, {"speed": 30}),
        ({"polygon": {}}, {"speed": 30}),
        ({"features": ["urn:x"]}, {"speed": 30}),
        ({"area": "centre"}, {"speed": 60}),
        ({"area": "centre"}, {"speed": 30, "share": -1}),
        ({"area": "centre"}, {"speed": 30, "kind": "trams"}),
        ({"area": "centre"}, {"speed": 30, "colour": "red"}),
    ],
)
def test_what_a_control_can_get_wrong(where: dict[str, Any], given: dict[str, Any]) -> None:
    _, reasons = read_overrides([{"measure": "limit", "where": where, "parameters": given}], [LIMIT])
    assert reasons
    for reason in reasons:
        said(reason.reason)


def test_places_that_are_not_there() -> None:
    overrides = [Override("limit", {"area": "moon"}, {}), Override("limit", {"segments": ["a", "b"]}, {})]
    _, reasons = resolve(overrides, lambda _: None, frozenset())
    assert len(reasons) == 2
    for reason in reasons:
        said(reason.reason)


@pytest.mark.parametrize(
    "reason",
    [
        "refurbish: no planning block lies there",
        "the streets named are limited to 30 km/h today; 40 km/h would not lower that",
        "name areas of this model, or draw a place",
        "the window 9–7 is not a span of whole hours within a day",
    ],
)
def test_what_models_object_to(reason: str) -> None:
    said(reason)


def said(reason: str) -> None:
    """In English as it was, but for the sign of a number; in the others in their own words."""
    texts = saying.texts([reason])[0]
    assert texts["en"] == re.sub(r"(?<!\w)-(?=\d)", MINUS, reason)
    assert len({texts["it"], texts["de"], reason}) == 3, reason
