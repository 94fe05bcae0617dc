"""A third small model: it is fed by another one's results, to test chains with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

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
)

_SHARE = Parameter(name="share", title={"en": "Share screened"}, unit="1", default=0.5, low=0.0, high=1.0)


class ToyExposure(Simulator):
    """Exposure is a tenth of the traffic that another model gives; screens take a share of it. For tests only."""

    id = "toy_exposure"
    version = "1.0.0"
    title: ClassVar[Mapping[str, str]] = {"en": "Toy exposure"}
    description: ClassVar[Mapping[str, str]] = {"en": "A tenth of the traffic; for tests only."}
    validity: ClassVar[Mapping[str, str]] = {"en": "Good for nothing but tests."}
    needs = (
        Need("streets", "RoadSegment", ("name", "location")),
        Need("traffic", "RoadSegment", ("volume",), linked=True, units={"volume": "veh/h"}),
    )
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    measures = (Measure("screen", {"en": "Screen streets"}, {"en": "Everywhere."}, (), (_SHARE,)),)
    indicators = (IndicatorSpec("exposure", {"en": "Exposure"}, "1", Direction.LOWER),)
    fields = (FieldSpec("exposure", {"en": "Exposure"}, "1", Direction.LOWER, over_area="sum"),)

    def prepare(self, inputs: Inputs, folder: Path) -> None:
        """Keep the ids."""
        if not inputs.get("streets"):
            raise errors.ModelFailed("there are no streets", where="inputs")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "streets.json").write_bytes(msgspec.json.encode([one["id"] for one in inputs["streets"]]))

    def check(self, folder: Path, overrides: Sequence[Override], window: Window) -> list[str]:  # noqa: ARG002
        """Refuses to screen twice."""
        return ["streets can be screened only once"] if len(overrides) > 1 else []

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """A tenth of the volume of each street that the other model knows."""
        progress(0.5, "exposing")
        if "traffic" not in member.linked:
            raise errors.ModelFailed("no traffic was given", where="traffic", hint="run it in a chain")
        known = set(msgspec.json.decode((folder / "streets.json").read_bytes()))
        given = member.linked["traffic"]
        kept = [index for index, name in enumerate(given.features) if name in known]
        screened = sum(float(one.parameters["share"]) for one in member.overrides)
        exposure = 0.1 * (1.0 - screened) * np.asarray(given.fields["volume"], dtype=np.float64)[:, kept]
        return MemberResult(
            features=tuple(given.features[index] for index in kept),
            fields={"exposure": exposure.tolist()},
            indicators={"exposure": float(exposure.sum())},
        )


_UPTAKE = Parameter(
    name="uptake", title={"en": "How much is taken in"}, unit="1", default=1.0, low=0.5, high=1.5,
    plausible=(0.8, 1.2), source="invented for tests",
)  # fmt: skip


class UncertainExposure(ToyExposure):
    """The same with an unknown of its own, to ask which model of a chain makes its answer uncertain."""

    id = "toy_uncertain_exposure"
    parameters: ClassVar[tuple[Parameter, ...]] = (_UPTAKE,)

    def run(self, folder: Path, member: Member, progress: Progress) -> MemberResult:
        """The exposure times the uptake."""
        found = super().run(folder, member, progress)
        uptake = float(member.parameters["uptake"])
        return MemberResult(
            features=found.features,
            fields={"exposure": (uptake * np.asarray(found.fields["exposure"])).tolist()},
            indicators={"exposure": uptake * found.indicators["exposure"]},
        )
