"""Why a value is odd: the city where many sensors show it, the sensor where it is alone, each with evidence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sympolis.governance.diagnosis.causes import Calendar, Candidate, Delivered, candidates
from sympolis.governance.diagnosis.observing import Sight, as_json, seen
from sympolis.governance.quality.baseline import Series

START = datetime(2024, 3, 4, tzinfo=UTC)
WEEKS = 8
AT = START + timedelta(days=31, hours=9)
PLACE = 31 * 24 + 9
ORDINARY_DAY = Calendar(day=AT.date(), holiday=False, clock_changed=False)
PLACES = {f"urn:{number}": (11.3 + number / 100, 44.5) for number in range(5)}


def street(number: int) -> Series:
    """Eight weeks of hours with a daily rhythm and a little noise."""
    random = np.random.default_rng(number)
    hours = np.arange(24 * 7 * WEEKS)
    values = 200 + 150 * np.sin((hours % 24 - 6) / 24 * 2 * np.pi) + random.normal(0, 10, hours.size)
    times = int(START.timestamp()) + 3600 * hours
    return Series(f"urn:{number}", times.astype(np.int64), values)


def streets(*odd: int, factor: float = 0.2) -> list[Series]:
    """Five streets; at nine o'clock those in ``odd`` count ``factor`` of the usual."""
    found = []
    for number in range(5):
        series = street(number)
        values = series.values.copy()
        if number in odd:
            values[PLACE] *= factor
        found.append(replace(series, values=values))
    return found


def look(group: list[Series], *, weather: dict[str, Series] | None = None) -> Sight:
    return seen(group, "urn:0", AT, UTC, positions=PLACES, weather=weather or {})


def causes(found: list[Candidate]) -> list[str]:
    return [one.cause for one in found]


def test_what_it_alone_shows_is_the_sensor_first() -> None:
    found = candidates(look(streets(0)), ORDINARY_DAY, None)
    assert causes(found) == ["sensor", "local"]
    texts = [one["text"]["en"] for one in found[0].evidence]
    assert "0 of 4 other sensors stray to the same side at the same time." in texts
    assert any(text.startswith("The nearest sensor (79") for text in texts), texts


def test_what_every_sensor_shows_is_the_city() -> None:
    sight = look(streets(0, 1, 2, 3, 4))
    found = candidates(sight, ORDINARY_DAY, None)
    assert causes(found) == ["event"]
    assert as_json(sight)["share_alike"] == 1.0


def test_a_holiday_explains_what_is_shared_and_hardly_what_is_not() -> None:
    holiday = replace(ORDINARY_DAY, day=date(2024, 4, 4), holiday=True)
    shared = candidates(look(streets(0, 1, 2, 3, 4)), holiday, None)
    alone = candidates(look(streets(0)), holiday, None)
    assert set(causes(shared)) == {"event", "calendar"}
    assert causes(alone)[0] == "sensor"
    weight = {one.cause: one.weight for one in alone}
    assert weight["calendar"] < {one.cause: one.weight for one in shared}["calendar"]


def test_rare_weather_is_named_with_its_rank() -> None:
    days = int(START.timestamp()) - 86_400 * 300 + 86_400 * np.arange(400)
    rain = np.zeros(400)
    rain[331] = 48.5
    found = candidates(
        look(streets(0, 1, 2, 3), weather={"precipitation": Series("w", days, rain)}), ORDINARY_DAY, None
    )
    [weather] = [one for one in found if one.cause == "weather"]
    assert (
        weather.evidence[0]["text"]["en"]
        == "precipitation 48.5: only 0.2 % of 400 days have so high a value."
    )
    assert look(streets(0), weather={"precipitation": Series("w", days, np.zeros(400))}).weather == ()


@pytest.mark.parametrize(("factor", "named"), [(10.0, True), (0.1, True), (4.0, False)])
def test_a_slipped_decimal_point_is_suspected_at_round_factors(factor: float, named: bool) -> None:
    found = candidates(look(streets(0, factor=factor)), ORDINARY_DAY, None)
    assert ("unit" in causes(found)) is named


def test_another_delivery_than_before_is_named_with_its_row() -> None:
    moved = Delivered(now="d2", before="d1", link="/api/sources/counts/deliveries/d2/rows/7")
    found = candidates(look(streets(0)), ORDINARY_DAY, moved)
    [delivery] = [one for one in found if one.cause == "delivery"]
    assert delivery.evidence[0]["link"] == moved.link
    same = candidates(look(streets(0)), ORDINARY_DAY, replace(moved, before="d2"))
    assert "delivery" not in causes(same)


def test_a_counter_that_hung_before_makes_the_sensor_surer() -> None:
    group = streets(0)
    hung = group[0].values.copy()
    hung[PLACE - 24 : PLACE - 10] = hung[PLACE - 24]
    plain = candidates(look(group), ORDINARY_DAY, None)[0]
    surer = candidates(look([replace(group[0], values=hung), *group[1:]]), ORDINARY_DAY, None)[0]
    assert surer.cause == plain.cause == "sensor"
    assert surer.weight > plain.weight
    assert surer.evidence[0]["text"]["en"].startswith("Within three days of it: 14 values in a row")


def test_a_missing_value_is_that_of_one_sensor_or_of_the_delivery() -> None:
    def without(*numbers: int) -> list[Series]:
        return [
            Series(one.feature, np.delete(one.times, PLACE), np.delete(one.values, PLACE))
            if number in numbers
            else one
            for number, one in enumerate(streets())
        ]

    assert causes(candidates(look(without(0)), ORDINARY_DAY, None)) == ["missing_here"]
    assert causes(candidates(look(without(0, 1, 2, 3)), ORDINARY_DAY, None)) == ["missing_everywhere"]


def test_an_ordinary_value_is_called_ordinary() -> None:
    [one] = candidates(look(streets()), ORDINARY_DAY, None)
    assert one.cause == "ordinary"
    assert set(one.to_json()) == {"cause", "weight", "text", "evidence"}
    assert set(one.text) == {"it", "de", "en"}
