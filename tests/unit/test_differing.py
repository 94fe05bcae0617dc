"""Answers that differ by a few tell of those few: they are refused, whichever came first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sympolis.analysis.computing.declaration import Declaration, read_declaration
from sympolis.analysis.computing.differing import Given, check
from sympolis.domain import errors


def asked(
    *groups: str, least: int = 10, counted: str = "entity", names: str = "", **more: Any
) -> Declaration:
    """Statistics by these attributes; ``names`` goes before the columns' own names."""
    document = {
        "name": "heights", "version": "1.0.0", "title": {}, "licence": "CC0-1.0", "min_group": least,
        "counted": counted,
        "columns": [
            {"name": "height", "attribute": "height"},
            *({"name": names + one, "attribute": one, "type": "text"} for one in groups),
        ],
        "algorithm": {
            "kind": "group-statistics", "group_by": [names + one for one in groups],
            "measures": [{"name": "mean", "statistic": "mean", "column": "height"}],
        },
        **more,
    }  # fmt: skip
    return read_declaration(msgspec.json.encode(document))


def groups(*rows: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {"groups": [{"mean": 1.0, **row} for row in rows]}


WHOLE = Given("a", asked(), groups({"n": 103}))
BY_GENUS = Given("b", asked("genus"), groups({"genus": "Acer", "n": 60}, {"genus": "Tilia", "n": 38}))
SCRIPT = {"kind": "script", "outputs": [{"name": "groups", "numbers": ["mean"]}]}


def test_what_was_left_out_cannot_be_had_by_subtraction() -> None:
    for new, old in ((WHOLE, BY_GENUS), (BY_GENUS, WHOLE)):
        with pytest.raises(errors.Forbidden, match=r"differ by 5 .* fewer than 10"):
            check(new.declaration, new.tables, [old])


def test_names_of_columns_do_not_matter_their_attributes_do() -> None:
    other = asked("genus", names="my_")
    with pytest.raises(errors.Forbidden, match="differ by 1"):
        check(other, groups({"my_genus": "Acer", "n": 61}), [BY_GENUS])
    check(asked("street"), groups({"street": "Acer", "n": 61}), [BY_GENUS])


@pytest.mark.parametrize("n", [103, 113, 93, 300])
def test_the_same_again_and_what_differs_by_many_pass(n: int) -> None:
    check(asked(), groups({"n": n}), [WHOLE])


def test_the_larger_of_both_bounds_holds() -> None:
    check(asked(least=5), groups({"n": 110}), [Given("c", asked(least=5), groups({"n": 103}))])
    with pytest.raises(errors.Forbidden, match="fewer than 10"):
        check(asked(least=5), groups({"n": 110}), [WHOLE])


def test_a_group_of_two_attributes_is_part_of_that_of_one() -> None:
    fine = asked("genus", "street")
    rows = groups({"genus": "Acer", "street": "A", "n": 30}, {"genus": "Acer", "street": "B", "n": 27})
    with pytest.raises(errors.Forbidden, match="differ by 3"):
        check(fine, rows, [BY_GENUS])


def test_series_and_scripts_are_for_people_to_judge() -> None:
    grown = asked(counted="observation")
    check(grown, groups({"n": 104}), [Given("d", grown, groups({"n": 103}))])
    check(asked(algorithm=SCRIPT), groups({"n": 104}), [WHOLE])
