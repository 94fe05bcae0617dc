"""A second small model to test the platform with: areas and points instead of streets, a grid, and no hours.

``testing.simulators.ToySimulator`` is about lines and hours; this one stands for all that is not: its results refer to
polygons (areas) and points (trees), it reads a coverage's cells, takes a proxy for a figure that is missing, and
answers for one hot day as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np

from sympolis.domain import errors
from sympolis.domain.measure import Direction
from sympolis.domain.scenario import Override, Window
from sympolis.plugins.simulator import (
    FieldSpec,
    IndicatorSpec,
    Inputs,
    Measure,
    Member,
    MemberResult,
    Need,
    Parameter,
    Progress,
    Simulator,
    grid_values,
)

_TREES = Parameter(
    name="trees", title={"en": "Trees"}, kind="integer", unit="1", default=10, low=0, high=1000
)


class ToyHeat(Simulator):
    """Each area is as warm as the city's mean cell, less what its trees cool. For tests only."""

    id = "toy_heat"
    version = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {"en": "Toy heat"}
    description: ClassVar[Mapping[str, str]] = {"en": "Mean surface temperature less shade; for tests only."}
    validity: ClassVar[Mapping[str, str]] = {"en": "Good for nothing but tests."}
    hours_matter = False
    period: ClassVar[Mapping[str, str]] = {"en": "a hot summer day"}
    features = ("areas", "trees")
    needs = (
        Need(
            "areas", "StatisticalArea", ("name", "location", "population"),
            proxies={"population": ("inhabitants",)}, coverage=0.5,
        ),
        Need("trees", "Tree", ("location",), minimum=0),
        Need(
            "surface", "Coverage", ("variable", "validTo"), grid=True, where={"variable": "surfaceTemperature"},
            units={"grid": "CEL"}, resolution_m=100.0, max_age_days=3650.0,
        ),
    )  # fmt: skip
    parameters = (
        Parameter(
            name="cooling", title={"en": "Cooling by a tree"}, unit="K", default=0.01, low=0.0, high=1.0,
            plausible=(0.009, 0.011), source="invented for tests",
        ),
    )  # fmt: skip
    measures = (
        Measure(
            "plant_trees",
            {"en": "Plant trees"},
            {"en": "In areas."},
            ("features", "area", "polygon"),
            (_TREES,),
        ),
    )
    indicators = (
        IndicatorSpec("hot_people", {"en": "Degrees times people"}, "K", Direction.LOWER),
        IndicatorSpec("warmth", {"en": "Mean temperature"}, "°C", Direction.LOWER, 1),
    )
    fields = (FieldSpec("warmth", {"en": "Temperature"}, "°C", Direction.LOWER, over_area="mean"),)

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Keep ids, people and the mean of all cells."""
        if not inputs.get("surface"):
            raise errors.ModelFailed("there is no surface temperature", where="inputs")
        folder.mkdir(parents=True, exist_ok=True)
        cells = np.concatenate([grid_values(one["grid"]).ravel() for one in inputs["surface"]])
        facts = {
            "areas": [(one["id"], float(one.get("population") or 0.0)) for one in inputs["areas"]],
            "trees": [one["id"] for one in inputs["trees"]],
            "warmth": float(np.nanmean(cells)),
        }
        (folder / "facts.json").write_bytes(msgspec.json.encode(facts))

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Refuses to plant on what is no area."""
        known = {area[0] for area in _facts(folder)["areas"]}
        named = {name for one in overrides for name in one.where.get("features", ())}
        return [f"{name} is no area in which to plant" for name in sorted(named - known)]

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Arithmetic, with the member's seed as its only chance."""
        if reasons := self.check(folder, member.overrides, member.window):
            raise errors.OverrideRefused("; ".join(reasons))
        progress(0.5, "warming")
        facts = _facts(folder)
        ids = [area[0] for area in facts["areas"]]
        people = np.array([area[1] for area in facts["areas"]])
        noise = np.random.default_rng(member.seed).normal(0.0, 0.01)
        warmth = facts["warmth"] + noise - member.parameters["cooling"] * _planted(ids, member.overrides)
        field = np.concatenate([warmth, np.full(len(facts["trees"]), facts["warmth"])])
        return MemberResult(
            features=(*ids, *facts["trees"]),
            fields={"warmth": [field.tolist()]},
            indicators={"hot_people": float((warmth * people).sum()), "warmth": float(warmth.mean())},
        )


def _planted(ids: Sequence[str], overrides: Sequence[Override]) -> Any:
    """Trees added to each area; a drawn polygon plants everywhere: the toy knows no shapes."""
    planted = np.zeros(len(ids))
    for one in overrides:
        named = one.where.get("features") or ([one.where["area"]] if "area" in one.where else ids)
        planted += np.array([one.parameters["trees"] if name in named else 0 for name in ids])
    return planted


def _facts(folder: Path) -> dict[str, Any]:
    return msgspec.json.decode((folder / "facts.json").read_bytes())  # type: ignore[no-any-return]
