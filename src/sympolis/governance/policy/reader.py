"""One request's way through the gate: what it may see, what it touched, and why something was kept from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sympolis.context.allowance import Allowance
from sympolis.context.gated import Reading, named_types
from sympolis.context.query import AllOf, AnyOf, NoneOf, TypeIs
from sympolis.domain import errors
from sympolis.governance.identity.subject import Subject
from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.policy.gate import Circumstances, Gate, Standing, Verdict
from sympolis.governance.policy.wording import describe_decision


class PolicyReader:
    """See the module; it is a ``context.gated.Reading``.

    The gate is asked again and again: what somebody may see can end while a stream goes on. ``touched`` are the
    datasets with policies that were read, ``denied`` those that were asked for by name and kept back.
    """

    def __init__(
        self, gate: Gate, subject: Subject, circumstances: Circumstances, language: str = "en"
    ) -> None:
        self._gate = gate
        self.subject = subject
        self.circumstances = circumstances
        self._language = language
        self._charged: dict[str, bool] = {}
        self.touched: dict[str, Verdict] = {}
        self.denied: dict[str, Verdict] = {}

    def _opened(self) -> frozenset[str]:
        return frozenset(name for name, opened in self._charged.items() if opened)

    def _standing(self) -> Standing:
        return self._gate.standing(self.subject, self.circumstances)

    @property
    def mark(self) -> object:
        """Equal for all who may see the same, by the types that they may see."""
        now = self._standing()
        return None if now.whole else (now.beyond, now.readable, now.hidden | now.counted, self._opened())

    def within(self, tenant: str) -> Reading:
        """See ``Reading``."""
        return Elsewhere(self) if tenant else self

    def narrowed(self, types: Any) -> Any:
        """See ``Reading``."""
        now, named = self._standing(), named_types(types)
        self._touch(now, named)
        if now.whole:
            return types
        opened = frozenset(name for name in named if name in now.counted and self._charge(now, name))
        self._refuse_if_all(now, named, opened)
        return _restricted(types, now, opened)

    def admit(self, types: Sequence[str]) -> bool:
        """See ``Reading``."""
        now = self._standing()
        self._touch(now, types)
        if now.whole:
            return True
        opened = frozenset(name for name in types if name in now.counted and self._charge(now, name))
        if _shown(types, now, opened):
            return True
        self._refuse(now, [name for name in types if name not in opened])
        return False

    def shows(self, types: Sequence[str]) -> bool:
        """See ``Reading``."""
        return _shown(types, self._standing(), self._opened())

    def use(self, kind: str, name: str) -> None:
        """See ``Reading``."""
        verdict = self._gate.use(self.subject, self.circumstances, Asset(name, kind=AssetKind(kind)))
        if verdict.decision is None:
            return
        noted = self.touched if verdict.readable else self.denied
        noted[verdict.asset.iri] = verdict
        if not verdict.readable:
            raise refusal(self.subject, verdict, self._language)

    @property
    def allowance(self) -> Allowance:
        """See ``Reading``."""
        return self._gate.roles.allowance(self.subject.id, self.subject.roles)

    @property
    def inside(self) -> bool:
        """Whether they may read what belongs to no dataset."""
        return self._standing().beyond

    def lists(self, dataset: str) -> bool:
        """Whether they may know that there is this dataset; one that is not governed is for those inside."""
        now = self._standing()
        verdict = now.verdicts.get(dataset)
        return now.beyond if verdict is None else verdict.listed

    def verdict(self, dataset: str) -> Verdict | None:
        """Whether they may read it, and why."""
        return self._standing().verdicts.get(dataset)

    # --- parts

    def _touch(self, now: Standing, names: Iterable[str]) -> None:
        for name in names:
            for verdict in now.by_type.get(name, ()):
                if verdict.decision is not None and verdict.readable:
                    self.touched[verdict.asset.id] = verdict

    def _charge(self, now: Standing, name: str) -> bool:
        """Count one use of a type whose uses count; once per request, decided at that moment."""
        if name not in self._charged:
            fresh = [
                self._gate.verdict(self.subject, self.circumstances, one.asset) for one in now.by_type[name]
            ]
            self._charged[name] = all(one.readable for one in fresh)
            for one in fresh:
                if self._charged[name] and one.decision is not None and one.counted:
                    self._gate.count_use(one.decision)
        return self._charged[name]

    def _refuse_if_all(self, now: Standing, named: frozenset[str], opened: frozenset[str]) -> None:
        if named and all(
            name in now.hidden or (name in now.counted and name not in opened) for name in named
        ):
            self._refuse(now, named)

    def _refuse(self, now: Standing, names: Iterable[str]) -> None:
        """Say why, where they may know that there is something."""
        kept = [
            one
            for name in sorted(names)
            if name in now.hidden or name in now.counted
            for one in now.by_type.get(name, ())
            if not one.readable or one.counted
        ]
        self.denied.update({one.asset.id: one for one in kept})
        for one in kept:
            if one.listed:
                raise refusal(self.subject, one, self._language)


class Elsewhere:
    """The same reader in another tenant, of which nothing is released: it is for those inside, as policies allow."""

    def __init__(self, reader: PolicyReader) -> None:
        self._reader = reader
        self.mark = reader.mark

    def within(self, tenant: str) -> Reading:  # noqa: ARG002
        """See ``Reading``."""
        return self

    def narrowed(self, types: Any) -> Any:
        """See ``Reading``."""
        if not self._reader.inside:
            return _NOTHING if types is None else AllOf((types, _NOTHING))
        return self._reader.narrowed(types)

    def admit(self, types: Sequence[str]) -> bool:
        """See ``Reading``."""
        return self._reader.inside and self._reader.admit(types)

    def shows(self, types: Sequence[str]) -> bool:
        """See ``Reading``."""
        return self._reader.inside and self._reader.shows(types)

    def use(self, kind: str, name: str) -> None:
        """See ``Reading``."""
        self._reader.use(kind, name)

    @property
    def allowance(self) -> Allowance:
        """See ``Reading``."""
        return self._reader.allowance


def refusal(subject: Subject, verdict: Verdict, language: str) -> errors.SympolisError:
    """Why somebody who may know of a dataset, an interface or a model may not use it."""
    asset = verdict.asset
    words = "" if verdict.decision is None else " ".join(describe_decision(verdict.decision, language))
    if not subject.known:
        return errors.Unauthenticated(
            f"the {asset.kind} {asset.id} is not for everybody. {words}".strip(),
            where="Authorization",
            hint="sign in, or send a key or a token",
        )
    if asset.kind is not AssetKind.DATASET:
        return errors.Forbidden(
            words, where=asset.iri, hint="say what for with Sympolis-Purpose, or ask the operator of the twin"
        )
    return errors.Forbidden(
        words or f"the dataset {asset.id} is not released",
        where=asset.id,
        hint=f"GET /api/datasets/{asset.id}/access says what would be needed",
    )


def _shown(types: Sequence[str], now: Standing, opened: frozenset[str]) -> bool:
    own = set(types)
    if not own.isdisjoint(now.hidden) or not (own & now.counted) <= opened:
        return False
    return now.beyond or not own.isdisjoint(now.readable | opened)


def _restricted(types: Any, now: Standing, opened: frozenset[str]) -> Any:
    """``types``, without what is hidden and, for those who only see what is open to them, within that."""
    kept_out = (now.hidden | now.counted) - opened
    readable = now.readable | opened
    parts = [] if types is None else [types]
    inside = isinstance(types, TypeIs) and types.name in readable
    if not now.beyond and not inside:
        parts.append(AnyOf(tuple(TypeIs(name) for name in sorted(readable))) if readable else _NOTHING)
    if kept_out:
        parts.append(NoneOf(tuple(sorted(kept_out))))
    if len(parts) <= 1:
        return parts[0] if parts else None
    return AllOf(tuple(parts))


_NOTHING = TypeIs("urn:sympolis:nothing")
"""A type that nothing has."""
