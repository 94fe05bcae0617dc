"""What a request under contract may read: the entities of one dataset's types, and nothing beside them.

It is put where a person's rights stand otherwise (``context.gated``), so data under contract come through the very
handlers and the very gate that all other data come through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.context.allowance import Allowance
from sympolis.context.gated import Reading, named_types
from sympolis.context.query import AllOf, AnyOf, NoneOf, TypeIs
from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class ContractReading:
    """See ``context.gated.Reading``. ``types`` are the dataset's, ``others`` those of all other datasets (expanded)."""

    agreement: str
    dataset: str
    types: frozenset[str]
    others: frozenset[str] = frozenset()

    @property
    def mark(self) -> object:
        """Equal for all agreements on the same types."""
        return ("contract", self.types, self.others)

    def within(self, tenant: str) -> Reading:
        """An agreement is about the default tenant: of others there is nothing."""
        return (
            ContractReading(self.agreement, self.dataset, frozenset(), self.others | self.types)
            if tenant
            else self
        )

    def narrowed(self, types: Any) -> Any:
        """What of this belongs to the dataset. Raises ``Forbidden`` where none of it can."""
        named = named_types(types)
        if named and named.isdisjoint(self.types):
            raise errors.Forbidden(
                f"the agreement is about the dataset {self.dataset} alone",
                where="type",
                hint=f"its types: {', '.join(sorted(self.types)) or 'none'}",
            )
        own = AnyOf(tuple(TypeIs(name) for name in sorted(self.types)))
        parts = [own] if types is None else [types, own]
        if self.others:
            parts.append(NoneOf(tuple(sorted(self.others))))
        return AllOf(tuple(parts)) if len(parts) > 1 else own

    def admit(self, types: Sequence[str]) -> bool:
        """Whether an entity of these types is part of the dataset."""
        return self.shows(types)

    def shows(self, types: Sequence[str]) -> bool:
        """Likewise."""
        own = set(types)
        return not own.isdisjoint(self.types) and own.isdisjoint(self.others)

    def use(self, kind: str, name: str) -> None:
        """Interfaces are chosen by the transfer's format; models are not part of it. Raises ``Forbidden``."""
        if kind == "model":
            raise errors.Forbidden(f"the agreement says nothing of the model {name}", where=self.agreement)

    def lists(self, dataset: str) -> bool:
        """Whether they may know of a dataset: of theirs."""
        return dataset == self.dataset

    @property
    def allowance(self) -> Allowance:
        """Nothing is computed for them."""
        return Allowance(who=self.agreement, runs=0, cpu_s_per_day=0.0)


RUNS_AT_ONCE = 2
CPU_S_PER_DAY = 3600.0
BEHIND_OWN = 2
"""A partner's runs wait for those of the city's own people."""


@dataclass(frozen=True, slots=True)
class ComputingReading:
    """Likewise for a service or a model that is called. It may read whatever it is made to read: what leaves is its
    result, and nothing else of what it has read. ``models`` are those that it runs."""

    agreement: str
    services: frozenset[str]
    models: frozenset[str]

    @property
    def mark(self) -> object:
        """Nothing that was made for somebody else is shown."""
        return ("computing", self.agreement)

    def within(self, tenant: str) -> Reading:  # noqa: ARG002
        """See ``Reading``."""
        return self

    def narrowed(self, types: Any) -> Any:
        """All of it."""
        return types

    def admit(self, types: Sequence[str]) -> bool:  # noqa: ARG002
        """Likewise."""
        return True

    def shows(self, types: Sequence[str]) -> bool:  # noqa: ARG002
        """Likewise."""
        return True

    def use(self, kind: str, name: str) -> None:
        """What the agreement is about, and the models behind it. Raises ``Forbidden``."""
        if name not in (self.models if kind == "model" else self.services):
            raise errors.Forbidden(f"the agreement says nothing of the {kind} {name}", where=self.agreement)

    def lists(self, dataset: str) -> bool:  # noqa: ARG002
        """The name of every source: an answer says what it rests on, and its licences ask for that."""
        return True

    @property
    def allowance(self) -> Allowance:
        """A few runs, after everybody else's; how often in all says the agreement."""
        return Allowance(self.agreement, RUNS_AT_ONCE, CPU_S_PER_DAY, BEHIND_OWN)
