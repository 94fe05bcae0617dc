"""Offers: what whoever comes by may have, and on which terms. They follow from policies, release and licence.

Nobody types an offer: an asset that policies speak of is offered on their terms, a released one without policies on
those of its licence, and what neither lets out is not offered. Rules for a single person are agreements, no offers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympolis.governance.identity.subject import PERSONS, role_iri
from sympolis.governance.policy.assets import Asset
from sympolis.governance.policy.model import Duty, Policy, Rule, RuleKind, Scope
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.writing import CONTEXT, write_rules

Json = Mapping[str, Any]

USE = ODRL + "use"
_ATTRIBUTE = ODRL + "attribute"


def offers_of(
    asset: Asset, policies: Iterable[Policy], *, open_to: Sequence[str] | None, attribution: bool = False
) -> tuple[Json, ...]:
    """The offers of an asset as JSON-LD without an identifier, one for each policy.

    Without policies, ``open_to`` says who may use it: roles by name, nobody where it is empty, everybody where it
    is None. ``attribution``: whether the licence asks to name the source.
    """
    found = tuple(policies)
    if found:
        return tuple(filter(None, (_offer(asset, policy) for policy in found)))
    if open_to is not None and not open_to:
        return ()
    duties = (Duty(uid="", actions=(Scope(_ATTRIBUTE),)),) if attribution else ()
    rule = Rule(
        uid="",
        kind=RuleKind.PERMISSION,
        targets=(Scope(asset.iri),),
        assignees=tuple(Scope(role_iri(name)) for name in open_to or ()),
        actions=(Scope(USE),),
        duties=duties,
    )
    return (_document((rule,)),)


def _offer(asset: Asset, policy: Policy) -> Json | None:
    """What a policy offers of this asset; None where it permits nothing."""
    rules = tuple(_about(asset, policy.rules))
    if not any(rule.kind is RuleKind.PERMISSION for rule in rules):
        return None
    return {**_document(rules), "conflict": {"@id": policy.conflict.value}}


def _about(asset: Asset, rules: Iterable[Rule]) -> Iterator[Rule]:
    """The rules on this asset, by its own name."""
    names = asset.member_of | {asset.iri}
    for rule in rules:
        meant = tuple(
            replace(one, iri=asset.iri, collection=False) for one in rule.targets if one.iri in names
        )
        personal = any(one.iri.startswith(PERSONS) for one in rule.assignees)
        if (meant or not rule.targets) and not personal:
            yield replace(rule, targets=meant[:1] or (Scope(asset.iri),))


def _document(rules: Sequence[Rule]) -> Json:
    return {"@context": CONTEXT, "@type": "Offer", **write_rules(rules)}
