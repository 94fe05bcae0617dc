"""What a run is asked for, checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympolis.analysis import ensemble
from sympolis.domain import errors
from sympolis.plugins.simulator import Link


@dataclass(frozen=True, slots=True)
class Upstream:
    """A run that feeds another model's: ``fields`` maps the need's attributes to fields of the run's model."""

    run: str
    fields: Mapping[str, str]
    lines: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Attribute → (factor, offset) where the run's model gives another unit than the need wants."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for."""

    mode: str = "interactive"
    members: int | None = None
    seed: int = 1
    service: str = ""
    """The service that asks, empty where somebody ran the scenario itself."""
    upstream: Mapping[str, Upstream] = field(default_factory=dict)
    """By linked need: the run of another model that feeds it."""
    links: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    """The members of those runs, once they are finished."""

    @property
    def resolved(self) -> bool:
        """Whether it is known what feeds each member."""
        return self.links.keys() == self.upstream.keys()

    def checked(self) -> Request:
        """Itself. Raises ``BadRequestData`` naming the member that is wrong."""
        if self.mode not in ensemble.POLICIES:
            raise errors.BadRequestData(f"expected one of {', '.join(ensemble.POLICIES)}", where="mode")
        if self.members is not None and not (_whole(self.members) and 2 <= self.members <= ensemble.LARGEST):
            text = f"expected a whole number from 2 to {ensemble.LARGEST}, or null"
            raise errors.BadRequestData(text, where="members", hint="one member alone has no interval")
        if not (_whole(self.seed) and 0 <= self.seed < 2**31):
            raise errors.BadRequestData("expected a whole number from 0 to 2147483647", where="seed")
        return self

    @property
    def policy(self) -> ensemble.Policy:
        """How many members to run: where other runs feed them, as many as these have."""
        if self.links:
            fed = min(len(given) for given in self.links.values())
            return ensemble.Policy(fed, fed)
        if self.members is not None:
            return ensemble.Policy(self.members, self.members)
        return ensemble.POLICIES[self.mode]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
