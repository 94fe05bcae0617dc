"""What a run is asked for, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympolis.analysis import ensemble
from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for."""

    mode: str = "interactive"
    members: int | None = None
    seed: int = 1

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
        """How many members to run."""
        if self.members is not None:
            return ensemble.Policy(self.members, self.members)
        return ensemble.POLICIES[self.mode]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
