"""Forecasts look back only, are judged on days they have not seen, and are withheld where they are not good enough."""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from sympolis.analysis.forecasting import conformal, features, judging, metrics, models, renewal, work
from sympolis.analysis.forecasting.holidays import easter
from sympolis.analysis.forecasting.panel import Panel, panel_of
from sympolis.analysis.forecasting.plan import LINEAR, Covariate, ForecastPlan
from sympolis.domain import errors

ZONE = "Europe/Rome"
START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 300


def plan(**more: Any) -> ForecastPlan:
    settings: dict[str, Any] = {
        "id": "flow",
        "title": {"en": "Flow"},
        "entity_type": "ItemFlowObserved",
        "attribute": "intensity",
        "unit": "veh/h",
        "source": "counts",
        "models": (LINEAR,),
        "least": 0.0,
        "anchor": "kind",
        "held_out_days": 42,
        "refit_days": 21,
        "calibration_days": 70,
    }
    return ForecastPlan(**(settings | more))


def entity(name: str, values: Any, *, step: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    times = [(START + number * step).isoformat() for number in range(len(values))]
    return {"id": name, "series": {"intensity": {"times": times, "values": [float(one) for one in values]}}}


def rush_hours(seed: int, *, days: int = DAYS, level: float = 400.0) -> Any:
    """A street's hours: two peaks, quieter weekends, a tenth of noise."""
    random = np.random.default_rng(seed)
    hours = np.arange(24 * days)
    shape = 0.4 + np.exp(-(((hours % 24) - 8) ** 2) / 8) + np.exp(-(((hours % 24) - 18) ** 2) / 8)
    week = np.where((hours // 24) % 7 >= 5, 0.6, 1.0)
    return np.round(level * shape * week * random.normal(1.0, 0.1, hours.size).clip(0.5, 1.5))


def panel(declared: ForecastPlan, *series: Any) -> Panel:
    entities = [entity(f"urn:{number}", values) for number, values in enumerate(series)]
    return panel_of(declared, ZoneInfo(ZONE), {"series": entities})


def forecast(tmp_path: Path, declared: ForecastPlan, entities: list[Any], kept: Any = None) -> dict[str, Any]:
    place = tmp_path / "inputs"
    place.write_bytes(msgspec.msgpack.encode({"series": entities}))
    return work.forecast(
        plan=msgspec.to_builtins(declared),
        zone=ZONE,
        inputs=str(place),
        kept=kept,
        progress=lambda _share, _text: None,
    )


def test_nothing_after_the_origin_is_looked_at() -> None:
    declared = plan(covariates=(Covariate(entity_type="WeatherObserved", attribute="intensity"),))
    values, origin = rush_hours(1), 24 * 60 + 7
    changed = values.copy()
    changed[origin:] = 9_999.0
    tables = []
    for one in (values, changed):
        inputs = {"series": [entity("urn:a", one)], "covariate0": [entity("urn:w", one)]}
        known = panel_of(declared, ZoneInfo(ZONE), inputs)
        tables.append(features.table_of(declared, known, np.array([origin])))
    np.testing.assert_array_equal(tables[0].known, tables[1].known)
    np.testing.assert_array_equal(tables[0].anchor, tables[1].anchor)
    np.testing.assert_array_equal(tables[0].naive, tables[1].naive)
    assert not np.array_equal(tables[0].target, tables[1].target)


def test_the_naive_forecast_is_the_last_value_of_that_hour_that_is_there() -> None:
    declared, values = plan(horizon=30), np.arange(24.0 * 60)
    known = panel(declared, values)
    origin = 24 * 40
    known.values[0, origin - 24] = np.nan
    naive = features.table_of(declared, known, np.array([origin])).naive
    assert naive[0].tolist() == [origin - 48, origin - 168], "yesterday's is missing"
    assert naive[1].tolist() == [origin - 23, origin - 167]
    assert naive[25].tolist() == [origin - 23, origin - 143], (
        "from the last day that is known, not the day ahead"
    )


def test_a_sensor_that_pauses_leaves_gaps_not_zeros() -> None:
    one = entity("urn:a", [1.0, 2.0, 3.0])
    for series in one["series"]["intensity"].values():
        del series[1]
    known = panel_of(plan(), ZoneInfo(ZONE), {"series": [one]})
    assert known.steps == 3
    assert np.isnan(known.values[0, 1])


def test_figures_are_those_of_the_textbook() -> None:
    said, came = np.array([10.0, 20.0]), np.array([14.0, 18.0])
    assert metrics.mae(said, came) == 3.0
    assert metrics.skill(3.0, 4.0) == 0.25
    assert metrics.pinball(said, came, 0.9) == pytest.approx((0.9 * 4 + 0.1 * 2) / 2)
    assert metrics.coverage(np.array([13.0, 19.0]), np.array([15.0, 21.0]), came) == 0.5
    score = metrics.interval_score(np.array([13.0, 19.0]), np.array([15.0, 21.0]), came, 0.9)
    assert score == pytest.approx((2.0 + 2.0 + 2 / 0.1 * 1.0) / 2)


@pytest.mark.parametrize(
    ("figures", "silent", "against"),
    [
        ({"n": 500, "skill": 0.15, "coverage": 0.85}, False, []),
        ({"n": 500, "skill": 0.1499, "coverage": 0.9}, False, ["skill"]),
        ({"n": 500, "skill": 0.3, "coverage": 0.96}, False, ["coverage"]),
        ({"n": 500, "skill": float("nan"), "coverage": 0.84}, False, ["skill", "coverage"]),
        ({"n": 199, "skill": 0.5, "coverage": 0.9}, False, ["few_values"]),
        ({"n": 500, "skill": 0.5, "coverage": 0.9}, True, ["silent"]),
    ],
)
def test_what_is_published(figures: dict[str, Any], silent: bool, against: list[str]) -> None:
    assert judging.reasons_against(figures, 0.9, silent=silent) == against


def test_intervals_hold_their_share_of_values_that_were_not_looked_at() -> None:
    """Nights err little, rush hours much: one width for all would fail at both."""
    declared = plan(horizon=24, stride=24)
    random = np.random.default_rng(3)
    hours = np.arange(24 * 400)
    noise = np.where((hours % 24 >= 7) & (hours % 24 < 20), 50.0, 5.0)
    known = panel(declared, 500 + random.normal(0, 1, hours.size) * noise)
    table = features.table_of(declared, known, np.arange(24 * 30, known.steps - 24, 24))
    said = np.full(table.target.size, 500.0)
    earlier = table.step < 24 * 200
    found = conformal.learnt(table.where(earlier), said[earlier], series=1, day=24, horizon=24, level=0.9)
    later = table.where(~earlier)
    low, high = found.around(later, said[~earlier])
    inside = (low <= later.target) & (later.target <= high)
    busy = (later.known[:, features.PHASE] >= 9) & (later.known[:, features.PHASE] < 19)
    assert 0.87 < inside.mean() < 0.93
    assert 0.85 < inside[busy].mean() < 0.95
    assert 0.85 < inside[~busy].mean() < 0.95


def test_a_forecast_that_averages_noise_away_is_published(tmp_path: Path) -> None:
    entities = [entity(f"urn:{number}", rush_hours(number)) for number in range(2)]
    found = forecast(tmp_path, plan(), entities)
    assert found["model"] == LINEAR
    assert found["origin"] == "2024-10-27T00:00:00Z"
    for one in found["series"]:
        assert one["state"] == "published", one["figures"]
        assert one["figures"]["skill"] > 0.15
        assert 0.85 <= one["figures"]["coverage"] <= 0.95
        values = one["values"]
        assert len(values["middle"]) == 48
        assert all(a <= b <= c for a, b, c in zip(*values.values(), strict=True))
        assert [(part["from"], part["to"]) for part in one["horizons"]] == [(1, 6), (7, 24), (25, 48)]
        assert one["past"][-1]["observed"][0] is not None
    assert found == forecast(tmp_path, plan(), entities), "the same data, the same forecast"


def test_where_the_last_day_says_it_all_the_forecast_is_withheld(tmp_path: Path) -> None:
    """A level that wanders from day to day: nobody does much better than yesterday."""
    random = np.random.default_rng(5)
    wandering = np.repeat(1000 + np.cumsum(random.normal(0, 15, DAYS)), 24) + random.normal(0, 0.5, 24 * DAYS)
    found = forecast(tmp_path, plan(horizon=24, stride=24), [entity("urn:a", wandering)])
    [one] = found["series"]
    assert one["state"] == "withheld"
    assert "skill" in one["against"]
    assert "values" not in one


def test_a_sensor_that_fell_silent_is_not_forecast(tmp_path: Path) -> None:
    entities = [entity("urn:a", rush_hours(1)), entity("urn:b", rush_hours(2)[: 24 * (DAYS - 20)])]
    found = forecast(tmp_path, plan(), entities)
    assert [one["against"] for one in found["series"]] == [[], ["silent"]]


def test_too_little_history_is_said_in_days(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelFailed, match="the series span 60 days, 154 are needed"):
        forecast(tmp_path, plan(), [entity("urn:a", rush_hours(1, days=60))])


def test_days_are_forecast_like_hours(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    values = np.tile([50.0, 52, 51, 53, 50, 30, 25], 60) + random.normal(0, 4, 420)
    declared = plan(
        resolution="day", horizon=2, stride=1, seasons=(1, 7), held_out_days=150, calibration_days=60
    )
    found = forecast(tmp_path, declared, [entity("urn:a", values, step=timedelta(days=1))])
    [one] = found["series"]
    assert one["figures"]["naive_season"] == 7
    assert one["state"] == "published", one
    assert len(one["values"]["low"]) == 2


def test_new_data_renew_the_forecast_and_keep_its_evaluation(tmp_path: Path) -> None:
    values = rush_hours(1, days=DAYS + 3)
    first = forecast(tmp_path, plan(), [entity("urn:a", values[: 24 * DAYS])])
    again = forecast(tmp_path, plan(), [entity("urn:a", values)], first)
    assert again["origin"] > first["origin"]
    assert again["evaluated_at_origin"] == first["evaluated_at_origin"]
    [one] = again["series"]
    assert one["figures"] == first["series"][0]["figures"]
    assert one["values"] != first["series"][0]["values"]
    assert one["past"][-1]["origin"] == first["origin"], "what was said stands beside what came"
    assert one["past"][-1]["observed"] == values[24 * DAYS : 24 * DAYS + 48].tolist()


def test_drift_and_age_make_the_evaluation_anew(tmp_path: Path) -> None:
    values = rush_hours(1, days=DAYS + 23)
    first = forecast(tmp_path, plan(), [entity("urn:a", values[: 24 * DAYS])])
    roadworks = values.copy()
    roadworks[24 * DAYS :] *= 0.4
    known = panel(plan(), roadworks[: 24 * (DAYS + 3)])
    since = renewal.recent_figures(Panel(known.grid, known.start, ("urn:a",), *_rest(known)), first)
    assert since["n"] == 48
    assert judging.has_drifted(since, {"mae": 1.0}, 0.9)
    drifted = forecast(tmp_path, plan(), [entity("urn:a", roadworks[: 24 * (DAYS + 3)])], first)
    assert drifted["evaluated_at_origin"] == drifted["origin"]
    aged = forecast(tmp_path, plan(), [entity("urn:a", values)], first)
    assert aged["evaluated_at_origin"] == aged["origin"]


def _rest(known: Panel) -> tuple[Any, ...]:
    return known.values, known.calendar, known.covariates, known.first_day


def test_without_the_extra_the_linear_model_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)  # what Python has where an import is known to fail
    assert models.available(plan(models=("linear", "boosting", "blend"))) == (LINEAR,)


@pytest.mark.parametrize(("year", "day"), [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20))])
def test_easter(year: int, day: date) -> None:
    assert easter(year) == day


def test_holidays_are_like_sundays() -> None:
    known = panel(plan(holidays=("01-03",)), rush_hours(1, days=14))
    kinds = known.calendar.kind[::24].tolist()
    assert kinds[:7] == [0, 0, 2, 0, 0, 1, 2]
