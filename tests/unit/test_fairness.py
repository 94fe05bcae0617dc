"""Who is within reach: hand-made towns whose answer is known, and the care that few areas deserve."""

from __future__ import annotations

import pytest
from shapely import Point, box

from sympolis.governance.fairness.coverage import Area, Coverage, Group, per_resident, reach


def area(number: int, residents: float = 1000, old: float = 200, fragility: float | None = 100.0) -> Area:
    """One square kilometre, in a row from west to east."""
    shape = box(number * 1000, 0, number * 1000 + 1000, 1000)
    return Area(f"a{number}", f"Area {number}", shape, residents, {"over-65": old}, fragility)


def group(found: Coverage, name: str) -> Group:
    [one] = [one for one in found.groups if one.id == name]
    return one


def test_half_of_an_area_within_reach_is_half_of_its_residents() -> None:
    wall = box(-600, -1000, 0, 2000)
    found = reach([area(0)], [wall], 500)
    assert group(found, "all").value == pytest.approx(0.5, abs=0.001)


def test_a_group_that_lives_where_nothing_is_measured_is_under_represented() -> None:
    """Twenty areas; sensors in the ten western ones, the old live in the ten eastern ones."""
    areas = [area(number, old=0 if number < 10 else 500) for number in range(20)]
    sensors = [Point(number * 1000 + 500, 500) for number in range(10)]
    found = reach(areas, sensors, 400)
    old = group(found, "over-65")
    assert group(found, "all").value == pytest.approx(0.25, abs=0.01)
    assert (old.value, old.verdict) == (0, "under-represented")
    assert "over-65" in found.flagged
    assert found.areas[0]["value"] == 0 and found.areas[-1]["value"] > 0.4


def test_an_even_town_flags_nobody() -> None:
    areas = [area(number) for number in range(20)]
    found = reach(areas, [one.shape.centroid for one in areas], 400)
    assert found.flagged == []
    assert group(found, "over-65").ratio == pytest.approx(1)


def test_few_areas_make_a_verdict_uncertain() -> None:
    """The same inequality in four areas: the figure is low, the interval wide, the word careful."""
    areas = [area(0, old=100), area(1, old=300), area(2, old=300), area(3, old=100)]
    found = reach(areas, [Point(500, 500), Point(1500, 500), Point(3500, 500)], 100)
    old = group(found, "over-65")
    assert old.ratio is not None and old.ratio_low is not None and old.ratio_high is not None
    assert old.ratio_low <= old.ratio <= old.ratio_high
    assert old.ratio_high - old.ratio_low > 0.2


def test_the_most_fragile_quarter_is_a_group_of_its_own() -> None:
    areas = [area(number, fragility=100 + number) for number in range(8)] + [area(8, fragility=None)]
    found = reach(areas, [Point(500, 500)], 400)
    fragile = group(found, "most-fragile-areas")
    assert fragile.residents == 2000
    assert (fragile.value, fragile.verdict) == (0, "under-represented")


def test_nothing_measured_reaches_nobody_and_accuses_nobody() -> None:
    found = reach([area(0), area(1)], [], 1000)
    assert group(found, "all").value == 0 and found.flagged == []


def test_trees_are_told_for_a_thousand_residents() -> None:
    found = per_resident([area(0, 500), area(1, 2000), area(2, 0)], {"a0": 100, "a1": 100})
    assert [one["value"] for one in found.areas] == [0, 50, 200]
    assert group(found, "all").value == pytest.approx(80)


def test_the_same_question_has_the_same_answer() -> None:
    areas = [area(number, residents=100 * number) for number in range(12)]
    first = reach(areas, [Point(0, 0)], 3000)
    assert first == reach(areas, [Point(0, 0)], 3000)
