"""What is written of a policy is read as the same policy, whatever it says; offers say no more than policies do."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.policy.decision import decide
from sympolis.governance.policy.gate import READ
from sympolis.governance.policy.model import (
    Constraint,
    Duty,
    Junction,
    LogicalConstraint,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Scope,
)
from sympolis.governance.policy.offers import offers_of
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.world import Request, World
from sympolis.governance.policy.writing import CONTEXT, write_rules

NAMES = st.sampled_from(["urn:a", "urn:b", "https://example.org/c"])
OPERANDS = st.one_of(
    NAMES,
    st.sampled_from(["word", "two words"]),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
)
LEFT = st.sampled_from([ODRL + name for name in ("purpose", "count", "dateTime", "spatial")])
PLAIN = st.builds(
    Constraint, LEFT, st.sampled_from(Operator), st.lists(OPERANDS, min_size=1, max_size=2).map(tuple)
)
CONDITIONS = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        LogicalConstraint, st.sampled_from(Junction), st.lists(inner, min_size=1, max_size=2).map(tuple)
    ),
    max_leaves=4,
)
SCOPES = st.builds(Scope, NAMES, st.lists(CONDITIONS, max_size=1).map(tuple), st.booleans())
ACTIONS = st.builds(
    Scope,
    st.sampled_from([ODRL + name for name in ("read", "use", "distribute")]),
    st.lists(PLAIN, max_size=1).map(tuple),
)
SEVERAL = st.lists(SCOPES, max_size=2).map(tuple)
DUTIES = st.builds(
    Duty,
    st.just("urn:duty"),
    st.lists(ACTIONS, max_size=1).map(tuple),
    st.lists(CONDITIONS, max_size=1).map(tuple),
)
RULES = st.builds(
    Rule,
    st.sampled_from(["urn:rule:1", "urn:rule:2"]),
    st.sampled_from(RuleKind),
    SEVERAL,
    SEVERAL,
    SEVERAL,
    st.lists(ACTIONS, max_size=2).map(tuple),
    st.lists(CONDITIONS, max_size=2).map(tuple),
    st.lists(DUTIES, max_size=1).map(tuple),
)


@given(st.lists(RULES, min_size=1, max_size=3))
def test_what_is_written_is_read_as_the_same(rules: list[Rule]) -> None:
    document = json.loads(json.dumps({"@context": CONTEXT, **write_rules(rules)}))
    by_kind = [rule for kind in RuleKind for rule in rules if rule.kind is kind]
    assert list(read_policy(document).rules) == by_kind


@given(st.lists(RULES, min_size=1, max_size=3), st.booleans())
def test_an_offer_permits_what_its_policy_permits(rules: list[Rule], whole: bool) -> None:
    asset = Asset("a", kind=AssetKind.SERVICE)
    target = (Scope("urn:sympolis:services" if whole else asset.iri),)
    plain = [Rule(one.uid, one.kind, target, one.assignees, (), one.actions, one.conditions) for one in rules]
    policy = Policy("urn:policy", tuple(plain))
    offers = [read_policy(one) for one in offers_of(asset, [policy], open_to=None)]
    world = World(datetime(2026, 1, 1, tzinfo=UTC), member_of={asset.iri: asset.member_of})
    request = Request(READ, "urn:a", asset.iri, {ODRL + "purpose": ("urn:b",), ODRL + "count": (Decimal(1),)})
    assert decide(offers, request, world).allowed == decide([policy], request, world).allowed
