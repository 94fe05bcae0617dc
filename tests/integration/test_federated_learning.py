"""Two twins learn one model: weights travel, data stay, and what comes is what all data together would have given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra models is not installed")
import numpy as np

from sympolis.analysis.computing import rounds
from sympolis.analysis.computing.declaration import ForecastLearning
from sympolis.analysis.computing.statistics import Data
from sympolis.dataspace.learning.gradients import Descent
from sympolis.dataspace.learning.judging import judged
from sympolis.dataspace.learning.plan import read_plan
from sympolis.testing.small_city import write_package
from sympolis.testing.trading import RELEASE, Pair, two_twins

WEATHER = "urn:sympolis:dataset:weather"
DAYS = 160
SOURCE = """
id = "weather"
connector = "csv"
mapping = "weather"
path = "samples/weather.csv"
url = "https://data.smallville.example/weather"
licence = "CC0-1.0"
owner = "Town of Smallville"
attribution = "Town of Smallville"
order = 90
title = { en = "Weather" }
[expectations]
min_rows = 1
"""
MAPPING = """
id = "weather"
version = "1"
entity_type = "WeatherObserved"
entity_id = "station"
mode = "observations"
[time]
fields = ["day"]
format = "%Y-%m-%d"
[[attributes]]
name = "warmest"
field = "warmest"
unit = "CEL"
observed = true
[[attributes]]
name = "humidity"
field = "humidity"
unit = "C62"
observed = true
"""


def series(seed: int) -> list[tuple[float, float]]:
    """The same weather in both cities, on other days: tomorrow follows from today by the same rule."""
    random = np.random.default_rng(seed)
    warmest, humid, found = 12.0, 0.6, []
    for _ in range(DAYS):
        found.append((round(warmest, 2), round(humid, 3)))
        warmest = 12 + 0.8 * (warmest - 12) - 8 * (humid - 0.6) + random.normal(0, 2)
        humid = 0.6 + 0.5 * (humid - 0.6) + random.normal(0, 0.1)
    return found


def write_city(folder: Path, seed: int) -> None:
    write_package(folder)
    lines = ["day,warmest,humidity"]
    for number, (warmest, humid) in enumerate(series(seed)):
        lines.append(f"{date(2024, 1, 1) + timedelta(days=number)},{warmest},{humid}")
    (folder / "samples/weather.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "sources/weather.toml").write_text(SOURCE, "utf-8")
    (folder / "mappings/weather.toml").write_text(MAPPING, "utf-8")
    context = json.loads((folder / "contexts/smallville.jsonld").read_text("utf-8"))
    for name in ("warmest", "humidity", "WeatherObserved"):
        context["@context"][name] = f"https://smallville.example/terms/{name}"
    (folder / "contexts/smallville.jsonld").write_text(json.dumps(context), "utf-8")
    (folder / "policies").mkdir()
    (folder / "policies/release.toml").write_text(RELEASE, "utf-8")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("learning")
    write_city(folder / "a", 1)
    write_city(folder / "b", 2)
    with two_twins(folder) as found:
        yield found


def plan(partner: str, **more: Any) -> dict[str, Any]:
    columns = [{"name": "warmest", "attribute": "warmest"}, {"name": "humidity", "attribute": "humidity"}]
    return {
        "name": "tomorrow", "title": {"en": "Tomorrow's maximum"}, "target": "warmest", "unit": "CEL",
        "features": [
            {"name": "warmest", "column": "warmest", "fold": "max", "offset": 10, "scale": 10},
            {"name": "humidity", "column": "humidity", "offset": 0.6, "scale": 0.2},
        ],
        "lags": 1, "season": False, "window_days": 30, "first_day": 30, "step_days": 14, "origins": 8,
        "members": [
            {"dataset": "weather", "columns": columns, "utc_offset_h": 2},
            {"partner": partner, "dataset": WEATHER, "columns": columns, "utc_offset_h": 2},
        ],
        **more,
    }  # fmt: skip


def pooled(document: dict[str, Any], seeds: tuple[int, ...] = (1, 2)) -> Any:
    """The weights of the whole history that ridge regression on these cities' rows gives."""
    read = read_plan(document)
    declaration = read.declaration(read.members[0])
    how = declaration.algorithm
    assert isinstance(how, ForecastLearning)
    begin = date(2023, 12, 31)
    xs, ys = [], []
    for seed in seeds:
        found = series(seed)
        frame = {
            "values": {"warmest": [one for one, _ in found], "humidity": [one for _, one in found]},
            "entity": [0] * DAYS,
            "time": [
                ((begin - date(1970, 1, 1)).days + number) * 86_400.0 + 82_800.0 for number in range(DAYS)
            ],
        }
        days = rounds.days_of(Data(frame, declaration), how)
        xs.append(days.x)
        ys.append(days.y)
    return rounds.ridge(np.vstack(xs), np.concatenate(ys), read.ridge)


@pytest.fixture(scope="module")
def agreement(pair: Pair) -> str:
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]
    return str(pair.agree(WEATHER)["agreement"])


def waiting(pair: Pair) -> Any:
    """The package that the provider's steward has to decide on."""
    [found] = [
        one
        for one in pair.ask(pair.provider, "GET", "/served-computations").json["computations"]
        if one["state"] == "submitted"
    ]
    return found


def decide(pair: Pair, act: str, why: str) -> None:
    path = f"/served-computations/{waiting(pair)['id']}/decision"
    pair.ask(pair.provider, "POST", path, {"act": act, "why": why})


@pytest.fixture(scope="module")
def learnt(pair: Pair, agreement: str) -> Any:
    """What came of learning under the agreement, which the steward approved once."""
    begun = pair.ask(pair.consumer, "POST", "/learning?wait_s=1", {"plan": plan(pair.provider.id)})
    assert begun.status == 202, begun.body
    assert begun.json["state"] == "waiting", agreement
    decide(pair, "approve", "weather")
    return pair.ask(pair.consumer, "GET", f"/learning/{begun.json['id']}?wait_s=60").json


def test_two_twins_learn_what_their_data_together_would_give(learnt: Any, pair: Pair) -> None:
    assert learnt["state"] == "done", learnt["why"]
    assert np.allclose(learnt["weights"], pooled(plan(pair.provider.id)), atol=1e-5), (
        "gradients lead to where all rows would"
    )
    for one in learnt["members"]:
        assert one["evaluation"]["origins"] == 8
        assert one["evaluation"]["against_local"]["percent"] > 0, "thirty days alone are few"


def test_every_round_is_a_use_that_both_sides_know_of(learnt: Any, agreement: str, pair: Pair) -> None:
    own, theirs = learnt["members"]
    assert (own["partner"], own["agreement"], own["computations"]) == ("", "", [])
    assert theirs["agreement"] == agreement
    assert len(theirs["computations"]) == learnt["rounds"] + 1
    known = {
        one["id"]: one["state"]
        for one in pair.ask(pair.provider, "GET", "/served-computations?limit=100").json["computations"]
    }
    asked = [pair.ask(pair.consumer, "GET", f"/computations/{one}").json for one in theirs["computations"]]
    assert {known[one["peer"]] for one in asked} == {"released"}
    comparison = pair.ask(pair.consumer, "GET", f"/transfers/{asked[0]['transfer']}/comparison").json
    assert comparison["agree"]
    assert comparison["uses"] >= learnt["rounds"] + 1


def test_the_model_is_a_draft_whose_card_leads_to_the_agreement(
    learnt: Any, agreement: str, pair: Pair
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    assert learnt["model"] == {"name": "tomorrow", "version": "1.0.0", "stage": "validated"}, learnt["why"]
    kept = pair.consumer.twin.desk.learned.get("tomorrow", "1.0.0")
    assert {agreement, WEATHER} <= {*kept.card.training.datasets}
    assert {one.name for one in kept.card.metrics} == {"mae", "gain_against_local", "gain_against_naive"}


def test_a_city_learns_of_its_own_data_alone(pair: Pair) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    alone = plan(pair.provider.id, name="tomorrow-at-home")
    del alone["members"][1]
    begun = pair.ask(pair.consumer, "POST", "/learning?wait_s=60", {"plan": alone}).json
    assert begun["state"] == "done", begun["why"]
    assert np.allclose(begun["weights"], pooled(alone, seeds=(2,)), atol=1e-5)
    kept = pair.consumer.twin.desk.learned.get("tomorrow-at-home", "1.0.0")
    assert kept.card.training.datasets == (WEATHER,)
    assert kept.card.training.method.startswith("ridge regression")
    assert {one.name for one in kept.card.metrics} == {"mae", "gain_against_naive"}


def test_a_partner_that_does_not_agree_ends_it(learnt: Any, pair: Pair) -> None:
    document = plan(pair.provider.id, version="2.0.0")
    begun = pair.ask(pair.consumer, "POST", "/learning?wait_s=1", {"plan": document}).json
    assert begun["id"] != learnt["id"]
    decide(pair, "refuse", "not this one")
    found = pair.ask(pair.consumer, "GET", f"/learning/{begun['id']}?wait_s=30").json
    assert found["state"] == "failed" and "not this one" in found["why"]


@pytest.mark.parametrize(
    "more",
    [{"target": "sun"}, {"origins": 1}, {"members": []}, {"ridge": 0}, {"surprise": 1}, {"first_day": 2}],
)
def test_plans_with_mistakes_are_refused(pair: Pair, more: dict[str, Any]) -> None:
    assert (
        pair.ask(pair.consumer, "POST", "/learning", {"plan": plan(pair.provider.id, **more)}).status == 400
    )


def test_conjugate_gradients_of_several_models_end_at_ridge_regression() -> None:
    random = np.random.default_rng(3)
    cities = [[(random.normal(size=(40, 5)), random.normal(size=40)) for _ in range(3)] for _ in range(2)]
    descent = Descent(3, 5, 0.7)
    while descent.residual > 1e-9 and descent.rounds < 20:
        at = np.asarray(descent.at)
        descent.take(
            sum(np.stack([x.T @ (x @ w - y) for (x, y), w in zip(one, at, strict=True)]) for one in cities)
        )
    assert descent.rounds <= 8
    for number, weights in enumerate(descent.weights):
        x = np.vstack([one[number][0] for one in cities])
        y = np.concatenate([one[number][1] for one in cities])
        assert np.allclose(weights, rounds.ridge(x, y, 0.7), atol=1e-6)


@pytest.mark.parametrize(
    ("common", "local", "verdict"), [(1.0, 2.0, "better"), (2.0, 1.0, "worse"), (1.0, 1.0, "no clear change")]
)
def test_what_is_better_and_what_is_not_is_said(common: float, local: float, verdict: str) -> None:
    wobble = [0.9, 1.1, 1.0, 0.95, 1.05, 1.2, 0.8, 1.0]
    rows = [{"n": 14, "mae": common * a, "mae_local": local * b, "mae_naive": 3.0}
            for a, b in zip(wobble, reversed(wobble), strict=True)]  # fmt: skip
    assert judged(rows)["against_local"]["verdict"] == verdict
