"""The data as a package sees them: columns of equal length, rows without names or addresses.

Whose row it is stays outside: entities are numbered anew for each computation, times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """``values`` by column: floats (NaN where there is none) or texts; ``entity`` numbers whose row it is, ``time`` is
    its Unix time [s], 0 for what is no observation."""

    values: dict[str, list[Any]]
    entity: list[int]
    time: list[float]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.entity)

    def document(self) -> dict[str, Any]:
        """For the locked process."""
        return {"values": self.values, "entity": self.entity, "time": self.time}
