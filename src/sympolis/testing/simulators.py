"""Prove a simulator: the contract suite that every model passes, and a small honest model to test the platform with.

Subclass ``SimulatorContract`` in a test module, say which simulator and which inputs, and pytest runs the contract::

    class TestMyModel(SimulatorContract):
        simulator = MyModel
        allowed = Override("close_street", {"segments": ["urn:…"]})
        refused = Override("close_street", {"segments": ["urn:unknown"]})

        def inputs(self):
            return {...}
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from sympolis.acquisition import units
from sympolis.domain import errors
from sympolis.domain.measure import Direction
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration.atlas import feature_needs
from sympolis.orchestration.cells import CELLS
from sympolis.plugins import messages
from sympolis.plugins.simulator import (
    WHOLE_PERIOD,
    Calibration,
    FieldSpec,
    IndicatorSpec,
    Inputs,
    Linked,
    Measure,
    Member,
    MemberResult,
    Need,
    Parameter,
    Progress,
    Simulator,
)

KINDS = ("number", "integer", "boolean", "choice", "choices")
TARGETS = ("segments", "features", "area", "polygon")


def silent(_share: float, _text: str) -> None:
    """A progress callback that nobody looks at."""


class SimulatorContract:
    """What the platform relies on. Each test takes a prepared folder of its own."""

    simulator: ClassVar[type[Simulator]]
    allowed: ClassVar[Override]
    refused: ClassVar[Override]
    window: ClassVar[Window] = Window()
    calibrated: ClassVar[bool] = True
    """False: the model is not fitted to observations, and says so when asked to."""

    def inputs(self) -> Inputs:
        """Enough entities for every need of the model."""
        raise NotImplementedError

    def linked(self) -> Mapping[str, Linked]:
        """What other models of a chain give, for every linked need."""
        return {}

    def prepared(self, folder: Path) -> tuple[Simulator, Path]:
        """The model and a folder it has prepared; override to share an expensive preparation."""
        model = self.simulator()
        model.prepare(self.inputs(), folder)
        return model, folder

    def member(self, *overrides: Override, seed: int = 1) -> Member:
        """A member with every parameter at its default."""
        parameters = {parameter.name: parameter.default for parameter in self.simulator.parameters}
        return Member(
            parameters=parameters, overrides=overrides, window=self._window(), seed=seed, linked=self.linked()
        )

    def _window(self) -> Window:
        return self.window if self.simulator.hours_matter else WHOLE_PERIOD

    def test_names_are_unique_and_texts_are_in_english_at_least(self) -> None:
        model = self.simulator
        groups: tuple[Sequence[Any], ...] = (
            model.parameters, model.measures, model.indicators, model.fields, model.needs
        )  # fmt: skip
        for group in groups:
            names = [item.name for item in group]
            assert len(set(names)) == len(names)
        titled: list[Any] = [*model.parameters, *model.measures, *model.indicators, *model.fields]
        assert all(item.title.get("en") for item in titled)
        assert all(text.get("en") for text in (model.title, model.description, model.validity))

    def test_every_parameter_is_typed_bounded_and_sourced(self) -> None:
        measures = self.simulator.measures
        for parameter in (*self.simulator.parameters, *(p for m in measures for p in m.parameters)):
            assert parameter.kind in KINDS, parameter.name
            assert not parameter.kind.startswith("choice") or parameter.choices, parameter.name
            if parameter.kind in ("number", "integer"):
                assert parameter.low is not None and parameter.high is not None, parameter.name
                assert parameter.default is None or parameter.low <= parameter.default <= parameter.high
            if parameter.plausible is not None:
                low, high = parameter.plausible
                assert parameter.low is not None and parameter.high is not None
                assert parameter.low <= low < high <= parameter.high, parameter.name
                assert parameter.source, f"{parameter.name}: a range needs a source"

    def test_measures_name_targets_that_exist(self) -> None:
        for measure in self.simulator.measures:
            assert set(measure.targets) <= set(TARGETS), measure.name

    def test_figures_rest_on_parameters_that_exist(self) -> None:
        known = {parameter.name for parameter in self.simulator.parameters}
        assert {spec.given for spec in self.simulator.indicators} <= {"", *known}

    def test_what_results_refer_to_and_when_is_declared(self) -> None:
        model = self.simulator
        assert set(model.features) <= {need.name for need in model.needs}
        assert all("location" in need.attributes for need in feature_needs(model))
        assert model.hours_matter or model.period.get("en"), "say what a run stands for"
        assert {spec.over_area for spec in model.fields} <= {"", "sum", "extent", "mean"}

    def test_needs_are_stated_in_terms_the_platform_can_check(self) -> None:
        for need in self.simulator.needs:
            codes = () if need.linked else need.units.values()
            assert all(units.mistake(code, None) is None for code in codes), need.name
            assert need.units.keys() <= {*need.attributes, CELLS}, need.name
            assert need.proxies.keys() <= set(need.attributes), need.name
            assert 0.0 <= need.coverage <= 1.0, need.name

    def test_results_are_about_entities_it_was_given(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        given = {one["id"] for need in feature_needs(self.simulator) for one in self.inputs()[need.name]}
        assert set(model.run(folder, self.member(), silent).features) <= given

    def test_a_result_has_the_declared_fields_and_indicators(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        result = model.run(folder, self.member(), silent)
        hours = self.window.end_hour - self.window.start_hour if model.hours_matter else 1
        assert set(result.fields) == {spec.name for spec in model.fields}
        assert set(result.indicators) == {spec.name for spec in model.indicators}
        assert all(np.shape(values) == (hours, len(result.features)) for values in result.fields.values())
        assert all(math.isfinite(value) for value in result.indicators.values())
        assert len(set(result.features)) == len(result.features) > 0

    def test_the_same_member_gives_the_same_result(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        first = model.run(folder, self.member(), silent)
        second = model.run(folder, self.member(), silent)
        assert first.indicators == second.indicators
        assert first.features == second.features
        for name in first.fields:
            np.testing.assert_array_equal(np.asarray(first.fields[name]), np.asarray(second.fields[name]))

    def test_check_allows_what_run_can_do(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        assert model.check(folder, [], self._window()) == []
        assert model.check(folder, [self.allowed], self._window()) == []

    def test_check_refuses_with_a_reason(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        reasons = model.check(folder, [self.refused], self._window())
        assert reasons and all(isinstance(reason, str) and len(reason) > 10 for reason in reasons)

    def test_check_is_quick(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        model.check(folder, [self.allowed], self._window())
        before = time.process_time()
        model.check(folder, [self.allowed], self._window())
        assert time.process_time() - before < 0.2

    def test_cancelling_passes_through(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")

        def cancel(_share: float, _text: str) -> None:
            raise errors.Cancelled("enough")

        try:
            model.run(folder, self.member(), cancel)
        except errors.Cancelled:
            return
        raise AssertionError("run() swallowed Cancelled or never reported progress")

    def test_calibration_is_json_and_has_a_held_out_split(self, tmp_path: Path) -> None:
        model, folder = self.prepared(tmp_path / "model")
        if not self.calibrated:
            with pytest.raises(errors.ModelFailed):
                model.calibrate(folder, self.inputs(), self._window(), 1, silent)
            return
        calibration = model.calibrate(folder, self.inputs(), self._window(), 1, silent)
        assert json.loads(json.dumps(dict(calibration.parameters))) == calibration.parameters
        assert {"training", "held_out", "uncalibrated"} <= set(calibration.figures)
        judged = set(calibration.figures["held_out"])
        assert "n" in judged and judged & {"r2", "geh_below_5", "mae", "rmse", "skill"}
        held_out = [point for point in calibration.points if point[1] == "held_out"]
        assert len(held_out) == calibration.figures["held_out"]["n"] > 0
        assert _untranslated(self.simulator, calibration.notes) == []

    def test_a_fit_is_judged_again_by_the_figures_it_was_judged_by(self, tmp_path: Path) -> None:
        if not self.calibrated:
            return
        model, folder = self.prepared(tmp_path / "model")
        fitted = model.calibrate(folder, self.inputs(), self._window(), 1, silent)
        now = model.evaluate(folder, self.inputs(), fitted.parameters, self._window(), 1, silent)
        assert set(now) & (set(fitted.figures["held_out"]) - {"n"})
        assert all(isinstance(value, int | float) for value in now.values())


def _untranslated(simulator: type[Simulator], said: Sequence[str]) -> list[str]:
    """Sentences that the model's ``messages.toml`` does not know; a model without such a file speaks English."""
    file = Path(str(sys.modules[simulator.__module__].__file__)).with_name(messages.FILE)
    known = messages.read(file)
    return [one for one in said if known and messages.in_languages(one, known)["de"] == one]


# --- a small model ----------------------------------------------------------------------------------------------------

_SEGMENTS = (
    Parameter(
        name="speed_kmh",
        title={"en": "Speed limit"},
        kind="integer",
        unit="km/h",
        default=30,
        low=10,
        high=50,
    ),
)


class ToySimulator(Simulator):
    """Traffic as arithmetic: each street carries its capacity times the demand, plus noise from the seed.

    A test double: for the platform's tests and for plugin authors to read, never in production. Its measure
    ``trouble`` makes its process misbehave on request.
    """

    id = "toy"
    version = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {
        "it": "Traffico giocattolo",
        "de": "Spielverkehr",
        "en": "Toy traffic",
    }
    description: ClassVar[Mapping[str, str]] = {"en": "Flows proportional to capacity; for tests only."}
    validity: ClassVar[Mapping[str, str]] = {"en": "Good for nothing but tests."}
    needs = (
        Need("segments", "RoadSegment", ("name", "location", "length", "capacity"), minimum=2),
        Need("counts", "ItemFlowObserved", ("intensity",), minimum=0, history=True),
    )
    parameters = (
        Parameter(
            name="demand", title={"en": "Demand"}, unit="1", default=1.0, low=0.5, high=1.5, plausible=(0.9, 1.1),
            source="invented for tests",
        ),
        Parameter(name="noise", title={"en": "Noise"}, unit="1", default=0.01, low=0.0, high=1.0),
    )  # fmt: skip
    measures = (
        Measure("close_street", {"en": "Close a street"}, {"en": "No through traffic."}, ("segments",)),
        Measure("limit_speed", {"en": "Limit speed"}, {"en": "In an area."}, ("area", "polygon"), _SEGMENTS),
        Measure(
            "charge_entry", {"en": "Charge entry"}, {"en": "Less demand everywhere."}, (),
            (
                Parameter(name="charge_eur", title={"en": "Charge"}, unit="EUR", low=0.0, high=20.0),
                Parameter(
                    name="elasticity", title={"en": "Elasticity"}, unit="1", low=-1.0, high=0.0,
                    plausible=(-0.04, -0.02), source="invented for tests",
                ),
            ),
        ),
        Measure(
            "trouble", {"en": "Misbehave"}, {"en": "For tests of the platform."}, (),
            (
                Parameter(
                    name="kind", title={"en": "Kind"}, kind="choice", default="crash",
                    choices=("crash", "stumble", "raise", "deaf", "hungry", "parent", "slow"),
                ),
            ),
        ),
    )  # fmt: skip
    indicators = (
        IndicatorSpec("travel", {"it": "Percorrenza", "en": "Distance driven"}, "veh·km", Direction.NEUTRAL),
        IndicatorSpec("nox", {"it": "NOx", "de": "NOx", "en": "NOx"}, "kg", Direction.LOWER, 2),
    )  # fmt: skip
    fields = (
        FieldSpec("flow", {"en": "Flow"}, "veh/h", over_area="extent"),
        FieldSpec("nox", {"en": "NOx"}, "g/h", Direction.LOWER, over_area="sum"),
    )

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Keep each street's id, length and capacity."""
        if not inputs.get("segments"):
            raise errors.ModelFailed("there are no segments", where="inputs")
        folder.mkdir(parents=True, exist_ok=True)
        streets = [(s["id"], float(s["length"]), float(s["capacity"])) for s in inputs["segments"]]
        (folder / "streets.json").write_bytes(msgspec.json.encode(streets))

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Refuses to close unknown streets, or every street."""
        known = {street[0] for street in self._streets(folder)}
        closed = {s for o in overrides if o.measure == "close_street" for s in o.where["segments"]}
        reasons = [f"the network has no street {name}" for name in sorted(closed - known)]
        return reasons or (["closing every street leaves no traffic to model"] if closed == known else [])

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Arithmetic, with the member's seed as its only chance."""
        streets = self._streets(folder)
        reasons = self.check(folder, member.overrides, member.window)
        if reasons:
            raise errors.OverrideRefused("; ".join(reasons))
        progress(0.0, "driving")
        self._misbehave(folder, member, progress)
        hours = member.window.end_hour - member.window.start_hour
        flow = self._flow(streets, member, hours)
        length_km = np.array([street[1] for street in streets]) / 1000
        progress(1.0, "done")
        return MemberResult(
            features=tuple(street[0] for street in streets),
            fields={"flow": flow, "nox": flow * length_km * 0.4},
            indicators={
                "travel": float((flow * length_km).sum()),
                "nox": float((flow * length_km).sum() * 4e-4),
            },
        )

    def calibrate(
        self,
        folder: Path,
        inputs: Inputs,
        window: Window,  # noqa: ARG002 - the contract's signature
        seed: int,  # noqa: ARG002 - the contract's signature
        progress: Progress,
    ) -> Calibration:
        """Scale demand to the counts of every second loop; judge on the others."""
        progress(0.5, "fitting")
        capacity = {street[0]: street[2] for street in self._streets(folder)}
        counts = {
            c["id"].replace("ItemFlowObserved", "RoadSegment"): _mean(c) for c in inputs.get("counts", ())
        }
        pairs = [(name, counts[name], capacity[name]) for name in sorted(counts) if name in capacity]
        fitted = sum(p[1] for p in pairs[::2]) / (sum(p[2] for p in pairs[::2]) or 1.0)
        points = [(p[0], ("training", "held_out")[i % 2], p[1], p[2] * fitted) for i, p in enumerate(pairs)]
        splits = {s: [p for p in points if p[1] == s] for s in ("training", "held_out")}
        return Calibration(
            parameters={"scale": fitted or 1.0},
            figures={**{s: _figures(found) for s, found in splits.items()}, "uncalibrated": _figures(points)},
            points=tuple(points),
        )

    def evaluate(
        self,
        folder: Path,
        inputs: Inputs,
        parameters: Mapping[str, Any],
        window: Window,  # noqa: ARG002 - the contract's signature
        seed: int,  # noqa: ARG002 - the contract's signature
        progress: Progress,
    ) -> Mapping[str, float]:
        """The scale of before on every loop's count of now."""
        progress(0.5, "comparing")
        capacity = {street[0]: street[2] for street in self._streets(folder)}
        pairs = [
            (c["id"].replace("ItemFlowObserved", "RoadSegment"), _mean(c)) for c in inputs.get("counts", ())
        ]
        known = [
            (name, "now", seen, capacity[name] * parameters["scale"])
            for name, seen in pairs
            if name in capacity
        ]
        return _figures(known)

    @staticmethod
    def _streets(folder: Path) -> list[list[Any]]:
        return msgspec.json.decode((folder / "streets.json").read_bytes())  # type: ignore[no-any-return]

    @staticmethod
    def _flow(streets: Sequence[Sequence[Any]], member: Member, hours: int) -> Any:
        random = np.random.default_rng(member.seed)
        capacity = np.array([street[2] for street in streets]) * member.calibration.get("scale", 1.0)
        noise = 1 + member.parameters["noise"] * random.standard_normal((hours, len(streets)))
        flow = np.maximum(capacity * member.parameters["demand"] * noise, 0.0)
        for override in member.overrides:
            if override.measure == "close_street":
                closed = [street[0] in override.where["segments"] for street in streets]
                flow = np.where(closed, 0.0, flow)
            elif override.measure == "charge_entry":
                given = override.parameters
                flow = flow * (1 + given["elasticity"] * given["charge_eur"])
        return flow

    @staticmethod
    def _misbehave(folder: Path, member: Member, progress: Progress) -> None:
        kinds = [o.parameters["kind"] for o in member.overrides if o.measure == "trouble"]
        if "parent" in kinds:
            child = subprocess.Popen(["sleep", "600"])  # noqa: S607 - an engine that is a program of its own
            (folder / f"{child.pid}.child").touch()
        if "crash" in kinds or ("stumble" in kinds and not (folder / f"{member.seed}.stumbled").exists()):
            (folder / f"{member.seed}.stumbled").touch()
            os.kill(os.getpid(), 9)
        if "hungry" in kinds:
            np.ones(2**30)
        if "raise" in kinds:
            raise ZeroDivisionError("a street of no length")
        if {"deaf", "parent", "slow"} & set(kinds):
            progress(0.5, "stuck")
        while {"deaf", "parent", "slow"} & set(kinds):
            time.sleep(0.02)
            if "slow" in kinds:
                progress(0.5, "still driving")


def _mean(counted: Mapping[str, Any]) -> float:
    return float(np.mean(counted["series"]["intensity"]["values"]))


def _figures(points: Sequence[tuple[str, str, float, float]]) -> dict[str, float]:
    observed = np.array([point[2] for point in points])
    simulated = np.array([point[3] for point in points])
    geh = np.sqrt(2 * (simulated - observed) ** 2 / np.maximum(simulated + observed, 1e-9))
    total = float(observed.sum())
    spread = float(((observed - observed.mean()) ** 2).sum()) if len(points) > 1 else 0.0
    return {
        "r2": 1 - float(((observed - simulated) ** 2).sum()) / spread if spread else 0.0,
        "geh_below_5": float(np.mean(geh < 5)) if len(points) else 0.0,
        "ratio": float(simulated.sum()) / total if total else 1.0,
        "n": float(len(points)),
    }
