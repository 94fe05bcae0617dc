"""The map's colours keep their promises: more is always further from the page, and no reader confuses neighbours.

Lightness is OKLab's (Ottosson 2020). Colour-vision deficiency is simulated by the matrices of Machado, Oliveira and
Fernandes 2009 (doi:10.1109/TVCG.2009.113) at full severity, applied to linear RGB.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

PALETTE = json.loads((Path(__file__).parents[2] / "ui" / "src" / "palette.json").read_text(encoding="utf-8"))
THEMES = ("light", "dark")
Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

IDENTITY: Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
VISIONS: dict[str, Matrix] = {
    "normal": IDENTITY,
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
STEP = 0.06
"""Least OKLab distance of neighbouring classes; about three just-noticeable differences (0.02 each)."""


def linear(colour: str) -> Triple:
    """``#rrggbb`` as linear RGB."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def times(matrix: Matrix, vector: Triple) -> Triple:
    """Matrix times vector."""
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def oklab(colour: Triple) -> Triple:
    """Linear RGB as OKLab."""
    to_cones: Matrix = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    to_lab: Matrix = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    long, middle, short = (math.cbrt(max(c, 0.0)) for c in times(to_cones, colour))
    return times(to_lab, (long, middle, short))


def seen(colour: str, vision: str) -> Triple:
    """The OKLab colour that a reader with this vision sees."""
    return oklab(times(VISIONS[vision], linear(colour)))


def lightness(colours: Sequence[str]) -> list[float]:
    """OKLab lightness of each colour."""
    return [oklab(linear(colour))[0] for colour in colours]


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: str) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def monotone(values: Sequence[float], compare: Callable[[float, float], bool]) -> bool:
    """Whether every neighbouring pair compares."""
    return all(compare(a, b) for a, b in pairwise(values))


@pytest.mark.parametrize("theme", THEMES)
def test_more_is_further_from_the_page(theme: str) -> None:
    levels = lightness(PALETTE["sequential"][theme])
    away = (lambda a, b: a - b > 0.03) if theme == "light" else (lambda a, b: b - a > 0.03)
    assert monotone(levels, away), levels


@pytest.mark.parametrize("theme", THEMES)
def test_both_arms_of_a_difference_leave_the_middle(theme: str) -> None:
    levels = lightness(PALETTE["diverging"][theme])
    left, right = levels[:3], levels[2:]
    if theme == "light":
        assert monotone(left, lambda a, b: a < b)
        assert monotone(right, lambda a, b: a > b)
    else:
        assert monotone(left, lambda a, b: a > b)
        assert monotone(right, lambda a, b: a < b)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ramp", ("sequential", "diverging"))
def test_neighbouring_classes_stay_apart(ramp: str, theme: str, vision: str) -> None:
    colours = [seen(colour, vision) for colour in PALETTE[ramp][theme]]
    distances = [math.dist(a, b) for a, b in pairwise(colours)]
    assert min(distances) >= STEP, distances


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", THEMES)
def test_less_and_more_are_never_confused(theme: str, vision: str) -> None:
    ends = PALETTE["diverging"][theme]
    assert math.dist(seen(ends[0], vision), seen(ends[-1], vision)) >= 2 * STEP


@pytest.mark.parametrize("theme", THEMES)
def test_labels_and_marks_stand_out_from_the_ground(theme: str) -> None:
    base = PALETTE["base"][theme]
    for ground in ("area", "green", "water", "street"):
        assert contrast(base["label"], base[ground]) >= 4.5, ground
    for mark in ("accent", "scenario"):
        assert contrast(base[mark], base["area"]) >= 3, mark


def test_measured_distances_are_those_of_the_paper() -> None:
    """A red and a green of equal lightness collapse for deuteranopes: the simulation itself works."""
    red, green = "#b35c5c", "#6b7d45"
    assert math.dist(seen(red, "normal"), seen(green, "normal")) > 2.5 * math.dist(
        seen(red, "deuteranopia"), seen(green, "deuteranopia")
    )
