"""What changes: paired differences, verdicts, the split by area and the words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sympolis.analysis import equity, wording
from sympolis.analysis.comparison import Ensemble, field_change, indicator_change, paired, stack
from sympolis.domain import errors
from sympolis.domain.measure import Direction, Verdict
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, MemberResult

NOX = IndicatorSpec(
    "nox", {"it": "Ossidi di azoto", "de": "Stickoxide", "en": "Nitrogen oxides"}, "kg", Direction.LOWER, 1
)
FLOW = IndicatorSpec("flow", {"en": "Traffic"}, "veh", Direction.NEUTRAL)
DAYS = np.array([100.0, 90.0, 110.0, 95.0, 105.0, 88.0, 112.0, 100.0])


def test_pairing_sees_a_small_change_that_days_would_hide() -> None:
    change = indicator_change(NOX, DAYS, DAYS * 0.98)
    assert change.verdict is Verdict.LIKELY_BETTER
    assert change.base.interval.contains(change.other.value), "unpaired, the two could not be told apart"
    assert change.percent is not None and change.percent.value == pytest.approx(-2.0)
    assert change.percent.interval.low < -2.0 < change.percent.interval.high < 0.0


def test_a_change_that_depends_on_the_day_is_no_clear_change() -> None:
    sometimes = np.array([3.0, -3.0, 4.0, -4.0, 3.0, -2.0, 4.0, -3.0])
    assert indicator_change(NOX, DAYS, DAYS + sometimes).verdict is Verdict.NO_CLEAR_CHANGE


def test_floating_point_dust_is_no_change() -> None:
    change = indicator_change(NOX, DAYS, DAYS * (1 + 1e-13))
    assert change.change.value == 0.0 and change.verdict is Verdict.NO_CLEAR_CHANGE


@pytest.mark.parametrize(
    ("unit", "decimals", "added", "clear"),
    [
        ("%", 1, -0.04, False),  # 0.0 points
        ("%", 1, -0.06, True),
        ("%", 2, -0.04, True),
        ("kg", 0, -0.04, False),  # 0.0 % of 100 kg
        ("kg", 0, -0.2, True),  # -0.2 %, as the tile and the sentence write it
        ("kg", 3, -0.04, False),
    ],
)
def test_a_change_that_is_written_as_nothing_is_no_clear_change(
    unit: str, decimals: int, added: float, clear: bool
) -> None:
    change = indicator_change(replace(NOX, unit=unit, decimals=decimals), DAYS, DAYS + added)
    assert change.change.interval.high < 0.0, "however sure it is"
    assert change.verdict is (Verdict.LIKELY_BETTER if clear else Verdict.NO_CLEAR_CHANGE)
    sentence = wording.describe([change])["en"]
    assert ("likely better" in sentence.lower()) is clear and "−0.0 " not in sentence


def test_more_of_a_neutral_figure_is_higher_not_better() -> None:
    assert indicator_change(FLOW, DAYS, DAYS + 5).verdict is Verdict.LIKELY_HIGHER


def test_nothing_falls_by_more_than_all_of_it() -> None:
    base = np.array([1.0, 20.0, 3.0, 40.0])
    change = indicator_change(NOX, base, base * 0.01)
    assert change.percent is not None and change.percent.interval.low == -100.0
    assert change.change.interval.low < -base.mean()


def test_no_percent_of_nothing() -> None:
    assert indicator_change(FLOW, DAYS * 0, DAYS).percent is None


@pytest.mark.parametrize("unit", ["°C", "dB(A)"])
def test_no_percent_where_nought_is_arbitrary(unit: str) -> None:
    change = indicator_change(replace(NOX, unit=unit), DAYS, DAYS * 0.98)
    assert change.percent is None and change.verdict is Verdict.LIKELY_BETTER


def member(flow: list[float], nox: float = 1.0, features: tuple[str, ...] = ("a", "b")) -> MemberResult:
    return MemberResult(features, {"flow": [flow]}, {"nox": nox})


def test_members_that_disagree_are_refused() -> None:
    with pytest.raises(errors.ModelFailed, match="differ"):
        stack([member([1, 2]), member([1, 2], features=("a", "c"))], start_hour=8)


def test_ensembles_of_different_size_pair_by_their_first_members() -> None:
    small, large = (stack([member([i, i]) for i in range(n)], start_hour=8) for n in (4, 8))
    first, second = paired(small, large)
    assert first.members == second.members == 4 and first.hours == (8,)
    with pytest.raises(errors.Conflict):
        paired(small, stack([member([1, 2])] * 4, start_hour=17))


def test_a_street_without_value_is_neither_clear_nor_zero() -> None:
    base = np.array([[[1.0, np.nan]], [[2.0, np.nan]], [[1.5, 3.0]], [[1.2, np.nan]]])
    change = field_change(base, base - 1.0)
    assert change.clear.tolist() == [[True, False]]
    assert np.isnan(change.change.mean[0, 1])


def specs(**units: str) -> list[FieldSpec]:
    return [FieldSpec(name, {"en": name}, unit) for name, unit in units.items()]


def two_areas() -> list[equity.Area]:
    ones = np.array([1.0])
    return [
        equity.Area("west", "West", 500, 90.0, np.array([0]), ones, np.array([2.0])),
        equity.Area("east", "East", None, None, np.array([1]), ones * 0.5, np.array([1.0])),
        equity.Area("sea", "Sea", 0, None, np.array([], dtype=np.intp), ones[:0], ones[:0]),
    ]


def ensembles() -> tuple[Ensemble, Ensemble]:
    flow = np.stack([DAYS, DAYS], axis=1)[:, None, :]
    before = Ensemble(("a", "b"), 8, {"flow": flow, "nox": flow * 10}, {"nox": DAYS})
    after_flow = flow * np.array([0.5, 1.0])
    return before, Ensemble(("a", "b"), 8, {"flow": after_flow, "nox": after_flow * 10}, {"nox": DAYS})


def test_the_split_by_area_says_who_gains() -> None:
    west, east = equity.split(*ensembles(), two_areas(), specs(flow="veh/h", nox="g/h"))
    assert west.verdict is Verdict.LIKELY_BETTER and east.verdict is Verdict.NO_CLEAR_CHANGE
    assert west.traffic_percent is not None and west.traffic_percent.value == pytest.approx(-50)
    assert west.emission_kg is not None and west.emission_kg.value == pytest.approx(-DAYS.mean() * 5 / 1000)
    assert east.emission_kg is not None and east.emission_kg.value == 0.0


def test_an_unknown_unit_of_emissions_is_not_guessed() -> None:
    west, _ = equity.split(*ensembles(), two_areas(), specs(nox="ppm"))
    assert west.emission_kg is None and west.verdict is Verdict.LIKELY_BETTER, "judged by traffic instead"


def test_the_words_are_cautious_in_three_languages() -> None:
    better = indicator_change(NOX, DAYS, DAYS * 0.9)
    worse = indicator_change(replace(NOX, title={"en": "Delay"}), DAYS, DAYS + 7)
    unclear = indicator_change(replace(NOX, title={"en": "Noise"}), DAYS, DAYS)
    text = wording.describe([better, unclear, worse], places=wording.Places(12, 700))
    assert text["en"].startswith("Likely better: Nitrogen oxides −10.0 % (90 % interval: −11.8 to −8.2)")
    assert "; likely worse: Delay +7.0 % (" in text["en"]
    assert text["en"].endswith(
        "no clear change: Noise. Traffic clearly changes on 12 of 700 street segments."
    )
    assert text["it"].startswith(
        "Probabilmente meglio: Ossidi di azoto −10,0 % (intervallo al 90 %: da −11,8 a −8,2)"
    )
    assert text["de"].startswith("Wahrscheinlich besser: Stickoxide −10,0 % (90-%-Intervall: −11,8 bis −8,2)")


def test_a_figure_that_was_zero_is_named_with_its_unit() -> None:
    text = wording.describe([indicator_change(replace(FLOW, decimals=0), DAYS * 0, DAYS)])
    assert text["en"] == "Likely higher: Traffic +100 veh (90 % interval: +82 to +118)."


def test_without_a_clear_change_no_word_of_better_or_worse() -> None:
    text = wording.describe([indicator_change(NOX, DAYS, DAYS)], places=wording.Places(0, 700))
    assert text == {
        "it": "Nessun cambiamento chiaro rispetto al confronto.",
        "de": "Keine klare Änderung gegenüber dem Vergleichsfall.",
        "en": "No clear change from the comparison case.",
    }


def test_warnings_of_members_are_told_once_with_their_range() -> None:
    found = wording.summarised(
        [["45 vehicles waited", "odd"], ["385 vehicles waited"], [], ["7 vehicles left"]]
    )
    assert found == (
        "45–385 vehicles waited (in 2 of 4 members)",
        "odd (in 1 of 4 members)",
        "7 vehicles left (in 1 of 4 members)",
    )
