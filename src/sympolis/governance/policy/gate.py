"""The gate: who may read which dataset, from release, roles and policies; remembered for a second.

Rules, in this order. Where policies speak of a dataset, they decide, for everybody: nothing is read that no rule
permits. Strangers, besides, only get what is released. Where no policy speaks of it, what is released is for all, and
the rest for those with the right ``data.read``. An entity is read where all datasets that have its types are.

Interfaces and models are open to whoever has the right for the operation, unless policies speak of them: then these
decide, for everybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sympolis.governance.identity.subject import Subject, role_iri
from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.decision import Decision, decide
from sympolis.governance.policy.model import Condition, LogicalConstraint, Policy
from sympolis.governance.policy.release import ReleaseState
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.world import Request, World
from sympolis.governance.roles.table import ANYONE, RoleTable

READ: Final = ODRL + "read"
EXECUTE: Final = ODRL + "execute"
DATA_READ: Final = "data.read"
_FRESH_S: Final = 1.0
_MOST_STANDINGS: Final = 1024
_COUNT: Final = ODRL + "count"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What whoever asks says of their purpose and their place, as IRIs."""

    purposes: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody may read a dataset. ``listed``: whether they may know of it; ``counted``: each use counts."""

    asset: Asset
    readable: bool
    listed: bool
    decision: Decision | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may read now, by type: ``beyond`` also what belongs to no dataset.

    ``counted`` types are neither readable nor hidden: reading them has to be asked for by name.
    """

    verdicts: Mapping[str, Verdict]
    by_type: Mapping[str, tuple[Verdict, ...]]
    beyond: bool
    readable: frozenset[str]
    hidden: frozenset[str]
    counted: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether nothing is kept from them."""
        return self.beyond and not self.hidden and not self.counted


class Gate:
    """See the module.

    ``assets`` gives the datasets; ``open_types`` are types (expanded) that are public though they belong to no dataset.
    """

    def __init__(
        self,
        book: PolicyBook,
        roles: RoleTable,
        release: ReleaseState,
        assets: Callable[[], Sequence[Asset]],
        *,
        open_types: frozenset[str] = frozenset(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.book = book
        self.roles = roles
        self._release = release
        self._assets = assets
        self._open_types = open_types
        self._clock = clock
        self._monotonic = monotonic
        self._standings: dict[tuple[Subject, Circumstances], tuple[float, int, Standing]] = {}

    def standing(self, subject: Subject, circumstances: Circumstances) -> Standing:
        """What they may read; at most a second old."""
        key, now, version = (subject, circumstances), self._monotonic(), self.book.version
        kept = self._standings.get(key)
        if kept is not None and kept[0] > now and kept[1] == version:
            return kept[2]
        if len(self._standings) >= _MOST_STANDINGS:
            self._standings.clear()
        found = self._standing(subject, circumstances)
        self._standings[key] = (now + _FRESH_S, version, found)
        return found

    def verdict(self, subject: Subject, circumstances: Circumstances, asset: Asset) -> Verdict:
        """Whether they may read one dataset, decided anew."""
        released = self._release.is_released(asset.id)
        inside = DATA_READ in self.roles.granted(subject.roles)
        policies = self.book.of(asset)
        if not policies:
            readable = released or inside
            return Verdict(asset, readable, readable)
        decision = decide(policies, *self._question(subject, circumstances, asset))
        readable = decision.allowed and (released or subject.known)
        counted = any(map(_counts, policies))
        return Verdict(asset, readable, released or inside or readable, decision, counted)

    def use(self, subject: Subject, circumstances: Circumstances, asset: Asset) -> Verdict:
        """Whether they may use an interface or run a model now; where uses count, this is one."""
        policies = self.book.of(asset)
        if not policies:
            return Verdict(asset, readable=True, listed=True)
        decision = decide(policies, *self._question(subject, circumstances, asset))
        if decision.allowed:
            self.count_use(decision)
        return Verdict(asset, decision.allowed, listed=True, decision=decision)

    def asset(self, dataset: str) -> Asset | None:
        """The dataset of this id, if there is one."""
        return next((one for one in self._assets() if one.id == dataset), None)

    def forget(self) -> None:
        """Decide everything anew: a policy has just changed."""
        self._standings.clear()

    def count_use(self, decision: Decision) -> None:
        """Note that the rules which allowed this were made use of."""
        for report in decision.permissions:
            if any(map(_is_count, _flat(report.rule.conditions))):
                self.book.keeping.use(report.rule.uid)

    def _question(
        self, subject: Subject, circumstances: Circumstances, asset: Asset
    ) -> tuple[Request, World]:
        who = subject.iri or role_iri(ANYONE)
        roles = frozenset(role_iri(name) for name in (*subject.roles, ANYONE))
        stated = {
            ODRL + "purpose": circumstances.purposes,
            ODRL + "spatial": (circumstances.place,) if circumstances.place else (),
        }
        world = World(
            now=self._clock(),
            member_of={who: roles - {who}, asset.iri: asset.member_of},
            uses=self.book.keeping.uses(),
            values={ODRL + "recipient": (who,)},
        )
        return Request(
            action_on(asset.kind), who, asset.iri, {name: value for name, value in stated.items() if value}
        ), world

    def _standing(self, subject: Subject, circumstances: Circumstances) -> Standing:
        verdicts = {one.id: self.verdict(subject, circumstances, one) for one in self._assets()}
        by_type: dict[str, tuple[Verdict, ...]] = {}
        for verdict in verdicts.values():
            for name in verdict.asset.types:
                by_type[name] = (*by_type.get(name, ()), verdict)
        readable = {name for name, found in by_type.items() if all(one.readable for one in found)}
        counted = {name for name in readable if any(one.counted for one in by_type[name])}
        return Standing(
            verdicts=verdicts,
            by_type=by_type,
            beyond=DATA_READ in self.roles.granted(subject.roles),
            readable=frozenset(readable - counted) | (self._open_types - by_type.keys()),
            hidden=frozenset(by_type.keys() - readable),
            counted=frozenset(counted),
        )


def action_on(kind: AssetKind) -> str:
    """What is done with an asset: a model is executed, everything else is read."""
    return EXECUTE if kind is AssetKind.MODEL else READ


def _counts(policy: Policy) -> bool:
    return any(_is_count(one) for rule in policy.rules for one in _flat(rule.conditions))


def _flat(conditions: Iterable[Condition]) -> list[Condition]:
    found: list[Condition] = []
    for one in conditions:
        found += _flat(one.parts) if isinstance(one, LogicalConstraint) else [one]
    return found


def _is_count(condition: Condition) -> bool:
    return not isinstance(condition, LogicalConstraint) and condition.left == _COUNT
