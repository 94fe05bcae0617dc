"""What a city learns, alone or with others: the figure, what it is told from, how it is judged, whose data it is."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from sympolis.analysis.computing.declaration import (
    Column,
    Declaration,
    Feature,
    ForecastLearning,
    Name,
    Short,
    Struct,
    Texts,
    Unit,
    read_declaration,
)
from sympolis.domain import errors
from sympolis.governance.policy.assets import dataset_iri

DIGITS: Final = 12
"""Of gradients: the search needs them, and they are sums over weeks of days."""
_PREFIX: Final = "urn:"


class Member(Struct, frozen=True, kw_only=True):
    """A city that takes part with a dataset; without ``partner`` it is our own. ``columns`` are read from its data."""

    partner: Short = ""
    agreement: Short = ""
    dataset: Short
    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=12)]
    utc_offset_h: Annotated[float, Meta(ge=-14, le=14)] = 0.0

    @property
    def asset(self) -> str:
        """The dataset as policies call it."""
        return self.dataset if self.dataset.startswith(_PREFIX) else dataset_iri(self.dataset)


class Plan(Struct, frozen=True, kw_only=True):
    """See the module; the members of ``declaration.ForecastLearning`` have the same meaning here."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    version: Annotated[str, Meta(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")] = "1.0.0"
    title: Texts
    description: Texts = msgspec.field(default_factory=dict)
    licence: Short = "CC-BY-4.0"
    target: Name
    unit: Unit = ""
    features: Annotated[tuple[Feature, ...], Meta(min_length=1, max_length=12)]
    lags: Annotated[int, Meta(ge=0, le=7)] = 1
    season: bool = True
    window_days: Annotated[int, Meta(ge=0, le=3650)] = 60
    first_day: Annotated[int, Meta(ge=20, le=3650)] = 60
    step_days: Annotated[int, Meta(ge=1, le=365)] = 14
    origins: Annotated[int, Meta(ge=4, le=100)] = 20
    ridge: Annotated[float, Meta(gt=0, le=1e6)] = 1.0
    min_group: Annotated[int, Meta(ge=5, le=1_000_000)] = 10
    members: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=10)]

    def declaration(self, member: Member) -> Declaration:
        """What a city is asked to compute, judged as any package is. Raises ``BadRequestData``."""
        algorithm = ForecastLearning(
            features=self.features, target=self.target, lags=self.lags, season=self.season,
            utc_offset_h=member.utc_offset_h, window_days=self.window_days, first_day=self.first_day,
            step_days=self.step_days, origins=self.origins, ridge=self.ridge,
        )  # fmt: skip
        made = Declaration(
            name=self.name, version=self.version, title=self.title, description=self.description, licence=self.licence,
            columns=member.columns, history=True, algorithm=algorithm, min_group=self.min_group, counted="observation",
            digits=DIGITS,
        )  # fmt: skip
        return read_declaration(msgspec.json.encode(made))

    def inputs(self) -> list[str]:
        """What the model is told, in order: each feature today and before, and the season."""
        told = [
            one.name if lag == 0 else f"{one.name}_{lag}_before"
            for lag in range(self.lags + 1)
            for one in self.features
        ]
        return told + (["season_sin", "season_cos"] if self.season else [])


def read_plan(document: dict[str, Any]) -> Plan:
    """The plan, judged with every city's package. Raises ``BadRequestData``."""
    try:
        found = msgspec.convert(document, Plan)
    except msgspec.ValidationError as cause:
        raise errors.BadRequestData(str(cause)[:300], where="plan") from cause
    if len({(one.partner, one.dataset) for one in found.members}) != len(found.members):
        raise errors.BadRequestData("a dataset is there twice", where="plan.members")
    if found.first_day + 1 < found.step_days and not found.window_days:
        raise errors.BadRequestData("begins before there is anything to learn of", where="plan.first_day")
    for one in found.members:
        found.declaration(one)
    return found
