"""Can mains of usual size carry a proposed heat supply? Pressure, velocity and losses at full load, by pandapipes.

Lives on the supply that a model before it proposes for blocks; knows no city. Needs the extra ``heat-network``.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed, OverrideRefused
from sympolis.domain.scenario import Override, Window
from sympolis.plugins import places
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import (
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
from sympolis.plugins.simulators.heat_network import settings, trees
from sympolis.plugins.simulators.heat_network.hydraulics import Solved, solve
from sympolis.plugins.simulators.heat_network.trees import Tree

Values = NDArray[np.float64]
METRES_PER_DEGREE = 111_195.0


_NO_DESIGN = "streets, existing pipes, plants and heights are not known: a check, not a design"


class HeatNetwork(Simulator):
    """One member is one layout of mains; a city of a thousand blocks takes some seconds."""

    id: ClassVar[str] = "heat_network"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[Mapping[str, str]] = texts(
        "Heat network check", "Verifica delle reti di calore", "Netzprüfung"
    )
    description: ClassVar[Mapping[str, str]] = texts(
        "Whether mains of usual size carry a proposed supply.",
        "Se dorsali di taglia usuale portano la fornitura proposta.",
        "Ob Hauptleitungen üblicher Größe eine vorgeschlagene Versorgung tragen.",
    )
    needs: ClassVar[tuple[Need, ...]] = settings.NEEDS
    parameters: ClassVar[tuple[Parameter, ...]] = settings.PARAMETERS
    measures: ClassVar[tuple[Measure, ...]] = settings.MEASURES
    indicators: ClassVar[tuple[IndicatorSpec, ...]] = settings.INDICATORS
    fields: ClassVar[tuple[FieldSpec, ...]] = settings.FIELDS
    validity: ClassVar[Mapping[str, str]] = settings.VALIDITY
    features: ClassVar[tuple[str, ...]] = ("blocks",)
    hours_matter: ClassVar[bool] = False
    period: ClassVar[Mapping[str, str]] = settings.PERIOD

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Keep where the blocks are."""
        folder.mkdir(parents=True, exist_ok=True)
        blocks = inputs["blocks"]
        np.save(folder / "degrees.npy", places.middles(blocks))
        (folder / "blocks.json").write_text(json.dumps([b["id"] for b in blocks]), encoding="utf-8")

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Reasons why these overrides are not allowed: they hold for all networks, or for none of the blocks."""
        ids, degrees = _load(folder)
        return [
            f"{one.measure}: no planning block lies there"
            for one in overrides
            if not len(places.touched(ids, degrees, one.where))
        ]

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """Lay mains, then solve every network."""
        began = time.process_time()
        progress(0.0, "laying mains")
        if reasons := self.check(folder, member.overrides, member.window):
            raise OverrideRefused("; ".join(reasons))
        ids, degrees = _load(folder)
        given = {p.name: p.default for p in settings.PARAMETERS} | dict(member.parameters)
        demand = _demand(ids, member.linked.get("supply"))
        lower = sum(one.parameters["kelvin"] for one in member.overrides)
        found, small = trees.lay(_flat(degrees), demand, given)
        solved = []
        for number, tree in enumerate(found):
            progress(0.1 + 0.9 * number / len(found), f"network {number + 1} of {len(found)}")
            solved.append(solve(tree, given, given["supply"] - lower))
        indicators = _indicators(found, solved, small, given)
        return MemberResult(
            features=ids,
            fields=_fields(len(ids), found, solved),
            indicators=indicators,
            warnings=(*_verdict(indicators), _NO_DESIGN),
            cost_cpu_s=round(time.process_time() - began, 3),
        )


def _verdict(indicators: Mapping[str, float]) -> tuple[str, ...]:
    """That a network does not hold has to be said in words: a pressure below nought says it to few."""
    if not indicators["too_little"]:
        return ()
    return (
        "as proposed the network does NOT hold: blocks at its ends get too little pressure, mains have to be wider",
    )


@functools.lru_cache(maxsize=2)
def _load(folder: Path) -> tuple[tuple[str, ...], Values]:
    ids = tuple(json.loads((folder / "blocks.json").read_text(encoding="utf-8")))
    degrees: Values = np.load(folder / "degrees.npy")
    return ids, degrees


def _flat(degrees: Values) -> Values:
    shrink = np.cos(np.radians(degrees[:, 1].mean()))
    flat: Values = degrees * METRES_PER_DEGREE * np.array([shrink, 1.0])
    return flat


def _demand(ids: Sequence[str], supply: Linked | None) -> Values:
    if supply is None:
        hint = "run a service whose chain feeds it"
        raise ModelFailed("the model lives on another model's results", where="needs: supply", hint=hint)
    values = dict(zip(supply.features, np.asarray(supply.fields["network_demand"])[0].tolist(), strict=True))
    found = np.nan_to_num(np.array([values.get(block, 0.0) for block in ids], dtype=float))
    return np.where(found > 1e-3, found, 0.0)


def _fields(count: int, found: Sequence[Tree], solved: Sequence[Solved]) -> dict[str, list[list[float]]]:
    fields = {spec.name: np.full(count, np.nan) for spec in settings.FIELDS}
    for tree, state in zip(found, solved, strict=True):
        fields["difference"][tree.blocks] = state.difference
        fields["temperature"][tree.blocks] = state.temperature
        fields["velocity"][tree.blocks] = state.velocity
        fields["diameter"][tree.blocks] = np.where(tree.parent >= 0, tree.inner * 1e3, np.nan)
    return {name: [values.tolist()] for name, values in fields.items()}


def _indicators(
    found: Sequence[Tree], solved: Sequence[Solved], small: int, given: Mapping[str, Any]
) -> dict[str, float]:
    if not solved:
        raise ModelFailed("no group of blocks is large enough for a network", where="supply",
                          hint="raise reach, or the supply by networks")  # fmt: skip
    difference = np.concatenate([one.difference for one in solved])
    speeds = np.concatenate([one.velocity for one in solved])
    return {
        "subnetworks": float(len(found)),
        "mains": float(sum(tree.length.sum() for tree in found)) / 1e3,
        "velocity": float(np.nanmax(speeds)) if np.isfinite(speeds).any() else 0.0,
        "least_difference": float(difference.min()),
        "too_little": float((difference < given["least_difference"]).sum()),
        "coldest": float(min(one.temperature.min() for one in solved)),
        "losses": sum(one.lost_w for one in solved) * 8760 / 1e9,
        "pumping": sum(one.pumping_w for one in solved) / 1e6,
        "unchecked": float(small),
    }
