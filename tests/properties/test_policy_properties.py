"""What holds for every policy: no condition, prohibition or unknown value ever widens what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.conditions import holds
from sympolis.governance.policy.decision import decide
from sympolis.governance.policy.model import (
    Condition,
    Constraint,
    Junction,
    LogicalConstraint,
    Operator,
    Policy,
    Rule,
    RuleKind,
    Scope,
)
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.world import Request, World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORLD = World(NOW, member_of={"urn:a": frozenset({"urn:b"}), "urn:b": frozenset({"urn:c", "urn:a"})})
NAMES = st.sampled_from(["urn:a", "urn:b", "urn:c", "urn:d"])
LEFTS = st.sampled_from([ODRL + "purpose", ODRL + "spatial", ODRL + "dateTime", ODRL + "unheardOf"])
SIMPLE = st.builds(
    Constraint,
    left=LEFTS,
    operator=st.sampled_from(Operator),
    right=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    SIMPLE,
    lambda inner: st.builds(
        LogicalConstraint, junction=st.sampled_from(Junction), parts=st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
RULES = st.builds(
    Rule,
    uid=st.just("urn:rule"),
    kind=st.sampled_from([RuleKind.PERMISSION, RuleKind.PROHIBITION]),
    assignees=st.lists(NAMES.map(Scope), max_size=2).map(tuple),
    conditions=st.lists(CONDITIONS, max_size=2).map(tuple),
)
POLICIES = st.builds(Policy, uid=st.just("urn:p"), rules=st.lists(RULES, max_size=4).map(tuple))
REQUESTS = st.builds(
    Request,
    action=st.just(ODRL + "read"),
    assignee=NAMES,
    values=st.dictionaries(LEFTS, st.lists(NAMES, min_size=1, max_size=2).map(tuple)),
)


@given(policy=POLICIES, request=REQUESTS, condition=CONDITIONS)
def test_one_more_condition_on_a_permission_never_allows_more(
    policy: Policy, request: Request, condition: Condition
) -> None:
    narrowed = replace(
        policy,
        rules=tuple(
            replace(rule, conditions=(*rule.conditions, condition))
            if rule.kind is RuleKind.PERMISSION
            else rule
            for rule in policy.rules
        ),
    )
    if decide([narrowed], request, WORLD).allowed:
        assert decide([policy], request, WORLD).allowed


@given(policies=st.lists(POLICIES, max_size=3), request=REQUESTS, prohibition=RULES)
def test_one_more_prohibition_never_allows_more(
    policies: list[Policy], request: Request, prohibition: Rule
) -> None:
    further = Policy("urn:more", (replace(prohibition, kind=RuleKind.PROHIBITION),))
    if decide([*policies, further], request, WORLD).allowed:
        assert decide(policies, request, WORLD).allowed


@given(policy=POLICIES, request=REQUESTS)
def test_what_is_allowed_without_a_word_is_allowed_whatever_is_said(policy: Policy, request: Request) -> None:
    if decide([policy], replace(request, values={}), WORLD).allowed:
        assert decide([policy], request, WORLD).allowed


@given(condition=CONDITIONS, request=REQUESTS)
def test_and_is_never_weaker_than_its_parts(condition: Condition, request: Request) -> None:
    both = LogicalConstraint(Junction.AND, (condition, condition))
    either = LogicalConstraint(Junction.OR, (condition, condition))
    own = holds(condition, request, WORLD)
    assert holds(both, request, WORLD) is own
    assert holds(either, request, WORLD) is own


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from(["@id", "use", "eq"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "uid",
                        "@id",
                        "@type",
                        "permission",
                        "duty",
                        "target",
                        "action",
                        "constraint",
                        "and",
                        "leftOperand",
                        "operator",
                        "rightOperand",
                        "@value",
                        "@list",
                        "refinement",
                        "assignee",
                        "conflict",
                        "profile",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
def test_any_document_is_read_or_refused(document: object) -> None:
    try:
        read_policy(document)  # type: ignore[arg-type]
    except BadRequestData:
        return
