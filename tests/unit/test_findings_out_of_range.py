"""Where most rows of a delivery lie outside what is plausible, the steward is told what that may come from."""

from types import SimpleNamespace
from typing import Any

import pytest

from sympolis.acquisition.quality import Reason
from sympolis.acquisition.source import Expectations
from sympolis.acquisition.survey import Usual, judge
from sympolis.acquisition.tally import Tally
from sympolis.plugins.connector import Record

BOX = (11.0, 44.0, 12.0, 45.0)


@pytest.mark.parametrize(("rule", "rules"), [("range", ["refused", "unit"]), ("code", ["refused"])])
def test_values_out_of_range_may_be_in_another_unit(rule: str, rules: list[str]) -> None:
    tally = Tally({}, BOX)
    for number in range(10):
        tally.refuse(Record(number, {"h": "5680"}), [Reason("h", rule, "5680", "0 to 4000")])
    planned: Any = SimpleNamespace(
        source=SimpleNamespace(expectations=Expectations(), crs=""), mapping=SimpleNamespace(geometry=None)
    )
    found = judge(tally, planned, Usual(), SimpleNamespace(bbox=BOX))  # type: ignore[arg-type]
    assert [one.rule for one in found] == rules
