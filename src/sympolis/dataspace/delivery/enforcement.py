"""Whether an agreement allows a use at this moment: the governance engine, asked anew at every request.

What may be done says the agreement, whatever the owner offers by now: that is what was agreed on. What may *not* be
done also says the present policy of the dataset: an owner who has to stop something stops it at once, for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from sympolis.dataspace.contracts.book import ContractBook
from sympolis.dataspace.dsp.processes import Agreement
from sympolis.dataspace.dsp.terms import read_terms
from sympolis.domain import errors
from sympolis.governance.policy.assets import Asset, asset_of
from sympolis.governance.policy.conditions import Verdict
from sympolis.governance.policy.decision import Decision, decide
from sympolis.governance.policy.evaluation import RuleReport, evaluate
from sympolis.governance.policy.gate import Circumstances, action_on
from sympolis.governance.policy.model import Condition, LogicalConstraint, Operand, Policy, RuleKind
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.wording import describe_decision
from sympolis.governance.policy.world import Request, World

NOTHING_SAID: Final = Circumstances()
_COUNT: Final = ODRL + "count"
_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Doing:
    """What is to be done ('': what is usual with such an asset), and what is stated of it by left operand (IRI)."""

    action: str = ""
    values: Mapping[str, tuple[Operand, ...]] = field(default_factory=dict)


USUAL: Final = Doing()


@dataclass(frozen=True, slots=True)
class Enforcement:
    """See the module. ``present`` gives the policies that speak of a dataset (by its IRI) at this moment."""

    book: ContractBook
    present: Callable[[str], Sequence[Policy]]
    clock: Callable[[], datetime]
    suspended: Callable[[str], bool] = lambda _: False
    """Whether we do not deal with a partner for now."""

    def decide(self, agreement: Agreement, circumstances: Circumstances, doing: Doing = USUAL) -> Decision:
        """The decision on reading (or ``doing``) now, for a purpose and at a place."""
        return decide(self._policies(agreement), *self._question(agreement, circumstances, doing=doing))

    def use(self, agreement: Agreement, circumstances: Circumstances, doing: Doing = USUAL) -> Decision:
        """The same; where it is allowed and uses count, this is one. Raises ``Forbidden`` with the reason."""
        decision = self.allowed(agreement, circumstances, doing)
        for report in decision.permissions:
            if _counts(report.rule.conditions):
                self.book.count(report.rule.uid)
        return decision

    def allowed(self, agreement: Agreement, circumstances: Circumstances, doing: Doing = USUAL) -> Decision:
        """The decision, where it is a yes; nothing is counted. Raises ``Forbidden`` with the reason."""
        self._check_stands(agreement)
        decision = self.decide(agreement, circumstances, doing)
        if not decision.allowed:
            raise errors.Forbidden(
                " ".join(describe_decision(decision)),
                where=agreement.id,
                hint="say what for with Sympolis-Purpose and where with Sympolis-Place; see the agreement",
            )
        return decision

    def check_goes_on(self, agreement: Agreement, circumstances: Circumstances, doing: Doing = USUAL) -> None:
        """Raise ``Forbidden`` where a use that was allowed and counted is not allowed any more."""
        self._check_stands(agreement)
        question = self._question(agreement, circumstances, begun=1, doing=doing)
        decision = decide(self._policies(agreement), *question)
        if not decision.allowed:
            raise errors.Forbidden(" ".join(describe_decision(decision)), where=agreement.id)

    def _check_stands(self, agreement: Agreement) -> None:
        if agreement.ended is not None:
            raise errors.Forbidden(f"the agreement has ended: {agreement.why}", where=agreement.id)
        if self.suspended(agreement.partner):
            raise errors.Forbidden("the partner is suspended", where=agreement.partner)

    def why_not(self, agreement: Agreement, action: str = "") -> str:
        """Why no use (or no ``action``) would be allowed now, whatever was said of it; '' where some might be."""
        try:
            self._check_stands(agreement)
        except errors.Forbidden as refused:
            return refused.message
        question = self._question(agreement, NOTHING_SAID, doing=Doing(action))
        reports = [evaluate(policy, *question) for policy in self._policies(agreement)]
        rules = [rule for report in reports for rule in report.rules]
        if any(one.rule.kind is RuleKind.PROHIBITION and _premises(one) == {True} for one in rules):
            return "a rule prohibits it"
        if not any(one.rule.kind is RuleKind.PERMISSION and False not in _premises(one) for one in rules):
            return "no rule permits it now"
        return ""

    def _policies(self, agreement: Agreement) -> tuple[Policy, ...]:
        return (_read(msgspec.json.encode(agreement.policy)), *self._prohibitions(agreement))

    def _prohibitions(self, agreement: Agreement) -> Iterator[Policy]:
        for policy in self.present(agreement.dataset):
            kept = tuple(one for one in policy.rules if one.kind is RuleKind.PROHIBITION)
            if kept:
                yield replace(policy, rules=kept)

    def _question(
        self, agreement: Agreement, circumstances: Circumstances, *, begun: int = 0, doing: Doing = USUAL
    ) -> tuple[Request, World]:
        """The question to the engine; ``begun`` uses are counted already and asked about again."""
        stated = {
            ODRL + "purpose": circumstances.purposes,
            ODRL + "spatial": (circumstances.place,) if circumstances.place else (),
        }
        rules = _read(msgspec.json.encode(agreement.policy)).rules
        asset = asset_of(agreement.dataset) or Asset(agreement.dataset)
        world = World(
            now=self.clock(),
            member_of={
                agreement.partner: frozenset(agreement.member_of),
                agreement.dataset: asset.member_of,
            },
            uses={
                one.uid: max(self.book.counted(one.uid) - begun, 0)
                for one in rules
                if _counts(one.conditions)
            },
            values={ODRL + "recipient": (agreement.partner,), **doing.values},
        )
        values = {name: value for name, value in stated.items() if value}
        action = doing.action or action_on(asset.kind)
        return Request(action, agreement.partner, agreement.dataset, values), world


@lru_cache(maxsize=_KEPT)
def _read(policy: bytes) -> Policy:
    """An agreement's rules: it never changes, so it is read once."""
    document: dict[str, Any] = msgspec.json.decode(policy)
    return read_terms(document, where="agreement")


def _premises(report: RuleReport) -> set[Verdict]:
    return {one.satisfied for one in report.premises} or {True}


def _counts(conditions: Sequence[Condition]) -> bool:
    return any(
        _counts(one.parts) if isinstance(one, LogicalConstraint) else one.left == _COUNT for one in conditions
    )
