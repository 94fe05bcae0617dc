"""What ODRL policies mean: reading them, deciding by them, saying so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.decision import Decision, Ground, decide
from sympolis.governance.policy.graphs import parse_policies
from sympolis.governance.policy.model import Operand, RuleKind
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.wording import LANGUAGES, describe_decision, describe_policy
from sympolis.governance.policy.world import DutyState, Request, World

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOOPS = "urn:dataset:loops"


def policy(*rules: tuple[str, dict[str, Any]], **members: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"@context": "http://www.w3.org/ns/odrl.jsonld", "uid": "urn:p", **members}
    for kind, rule in rules:
        document.setdefault(kind, []).append({"target": LOOPS, "action": "use", **rule})
    return document


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def asked(action: str = "read", **values: Operand | tuple[Operand, ...]) -> Request:
    stated = {ODRL + name: value if isinstance(value, tuple) else (value,) for name, value in values.items()}
    return Request(ODRL + action, "urn:leipzig", LOOPS, stated)


def decided(document: dict[str, Any], request: Request | None = None, **world: Any) -> Decision:
    return decide([read_policy(document)], request or asked(), World(**{"now": NOW, **world}))


def test_nothing_is_allowed_that_no_rule_permits() -> None:
    assert decide([], asked(), World(NOW)).ground is Ground.NOTHING_PERMITS
    assert not decided(policy(("permission", {"target": "urn:other"}))).allowed


def test_use_includes_reading_but_not_selling() -> None:
    document = policy(("permission", {}))
    assert decided(document).allowed
    assert not decided(document, asked("sell")).allowed


def test_a_part_of_use_does_not_include_all_of_it() -> None:
    assert not decided(policy(("permission", {"action": "read"})), asked("use")).allowed


@pytest.mark.parametrize(
    ("strategy", "ground"),
    [
        (None, Ground.CONFLICT),
        ("invalid", Ground.CONFLICT),
        ("perm", Ground.PERMITTED),
        ("odrl:prohibit", Ground.PROHIBITED),
    ],
)
def test_conflicts_are_settled_as_the_policy_says(strategy: str | None, ground: Ground) -> None:
    document = policy(("permission", {}), ("prohibition", {"action": "read"}), conflict=strategy)
    assert decided(document).ground is ground


def test_a_prohibition_of_one_policy_outweighs_the_permission_of_another() -> None:
    policies = [read_policy(policy(("permission", {}))), read_policy(policy(("prohibition", {})))]
    assert decide(policies, asked(), World(NOW)).ground is Ground.PROHIBITED


def test_what_nobody_can_tell_neither_opens_a_permission_nor_lifts_a_prohibition() -> None:
    unknown = {"constraint": constraint("industry", "eq", "energy")}
    assert not decided(policy(("permission", unknown))).allowed
    both = policy(("permission", {}), ("prohibition", unknown), conflict="prohibit")
    assert decided(both).ground is Ground.PROHIBITED


def test_every_stated_purpose_must_fit() -> None:
    document = policy(("permission", {"constraint": constraint("purpose", "eq", "urn:planning")}))
    assert decided(document, asked(purpose="urn:planning")).allowed
    assert not decided(document, asked(purpose=("urn:planning", "urn:advertising"))).allowed
    forbidding = policy(
        ("permission", {}),
        ("prohibition", {"constraint": constraint("purpose", "eq", "urn:advertising")}),
        conflict="prohibit",
    )
    assert not decided(forbidding, asked(purpose=("urn:planning", "urn:advertising"))).allowed
    assert decided(forbidding, asked(purpose="urn:planning")).allowed


def test_purposes_and_places_lie_within_broader_ones() -> None:
    within = {"urn:bolognina": frozenset({"urn:navile"}), "urn:navile": frozenset({"urn:bologna"})}
    document = policy(("permission", {"constraint": constraint("spatial", "isPartOf", "urn:bologna")}))
    assert decided(document, asked(spatial="urn:bolognina"), member_of=within).allowed
    assert not decided(document, asked(spatial="urn:imola"), member_of=within).allowed


def test_the_count_includes_the_use_asked_for() -> None:
    document = policy(("permission", {"uid": "urn:rule", "constraint": constraint("count", "lteq", 10)}))
    assert decided(document, uses={"urn:rule": 9}).allowed
    assert not decided(document, uses={"urn:rule": 10}).allowed


def test_a_caller_cannot_state_what_the_platform_knows() -> None:
    document = policy(("permission", {"constraint": constraint("count", "lteq", 1)}))
    assert not decided(document, asked(count=Decimal(0)), uses={"policy.permission[0]": 1}).allowed
    named = policy(("permission", {"constraint": constraint("recipient", "eq", "urn:leipzig")}))
    known = {ODRL + "recipient": ("urn:other",)}
    assert not decided(named, asked(recipient="urn:leipzig"), values=known).allowed


@pytest.mark.parametrize(
    ("operator", "right", "allowed"),
    [
        ("lt", {"@value": "2026-03-01T12:00:00Z", "@type": "xsd:dateTime"}, False),
        ("lteq", {"@value": "2026-03-01T13:00:00+01:00", "@type": "xsd:dateTime"}, True),
        ("eq", {"@value": "2026-03-01", "@type": "xsd:date"}, True),
        ("gt", "2026-03-01", False),
        ("gt", "2026-02-28", True),
    ],
)
def test_times_are_compared_as_instants_and_days(operator: str, right: Any, allowed: bool) -> None:
    document = policy(("permission", {"constraint": constraint("dateTime", operator, right)}))
    assert decided(document).allowed is allowed


def test_logical_constraints() -> None:
    before, after = constraint("dateTime", "lt", "2026-01-01"), constraint("dateTime", "gt", "2026-02-01")
    for junction, allowed in (("and", False), ("or", True), ("xone", True)):
        document = policy(("permission", {"constraint": {junction: [before, after]}}))
        assert decided(document).allowed is allowed, junction
    twice = policy(("permission", {"constraint": {"xone": {"@list": [after, after]}}}))
    assert not decided(twice).allowed


def test_members_of_a_collection_refined() -> None:
    party = {
        "@type": "PartyCollection",
        "uid": "urn:cities",
        "refinement": constraint("industry", "eq", "urn:public"),
    }
    document = policy(("permission", {"assignee": party}))
    member = {"member_of": {"urn:leipzig": frozenset({"urn:cities"})}}
    assert decided(document, asked(industry="urn:public"), **member).allowed
    assert not decided(document, asked(industry="urn:private"), **member).allowed
    assert not decided(document, asked(industry="urn:public")).allowed


def test_a_broken_duty_closes_the_permission() -> None:
    duty = {"uid": "urn:duty", "action": "attribute"}
    document = policy(("permission", {"duty": duty}))
    assert [found.uid for found in decided(document).duties] == ["urn:duty"]
    assert decided(document, duties={"urn:duty": DutyState.FULFILLED}).duties == ()
    assert not decided(document, duties={"urn:duty": DutyState.VIOLATED}).allowed


def test_a_duty_is_broken_once_its_deadline_has_passed() -> None:
    duty = {"uid": "urn:duty", "action": "delete", "constraint": constraint("dateTime", "lteq", "2026-02-01")}
    document = policy(("permission", {"duty": duty}))
    assert not decided(document).allowed
    assert decided(document, duties={"urn:duty": DutyState.FULFILLED}).allowed
    assert decided(document, now=NOW - timedelta(days=60)).allowed


def test_members_of_the_policy_apply_to_each_rule() -> None:
    document = {
        "uid": "urn:p",
        "target": LOOPS,
        "assignee": "urn:leipzig",
        "permission": [{"action": "read"}],
    }
    assert decided(document).allowed
    stranger = Request(ODRL + "read", "urn:stranger", LOOPS)
    assert not decided(document, stranger).allowed


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "policy"),
        ({"uid": "urn:p"}, "policy"),
        (policy(("permission", {"constrain": []})), "policy.permission[0].constrain"),
        (
            policy(("permission", {"constraint": constraint("count", "about", 3)})),
            "policy.permission[0].constraint[0].operator",
        ),
        (
            policy(("permission", {"constraint": {"leftOperand": "count", "operator": "eq"}})),
            "policy.permission[0].constraint[0].rightOperand",
        ),
        (
            policy(
                ("permission", {"constraint": constraint("count", "eq", {"@value": "x", "@type": "xsd:int"})})
            ),
            "policy.permission[0].constraint[0].rightOperand",
        ),
        (
            policy(
                (
                    "permission",
                    {"constraint": constraint("count", "lteq", {"@value": "NaN", "@type": "xsd:int"})},
                )
            ),
            "policy.permission[0].constraint[0].rightOperand",
        ),
        (policy(("permission", {}), conflict="maybe"), "policy.conflict"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(document: Any, where: str) -> None:
    with pytest.raises(BadRequestData) as refused:
        read_policy(document)
    assert refused.value.where == where


def test_turtle_and_json_mean_the_same() -> None:
    turtle = """
        @prefix odrl: <http://www.w3.org/ns/odrl/2/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <urn:p> a odrl:Offer ; odrl:permission [ odrl:target <urn:dataset:loops> ; odrl:action odrl:use ;
          odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:lteq ; odrl:rightOperand 3 ] ] ."""
    [found] = parse_policies(turtle)
    assert found.kind == ODRL + "Offer"
    [rule] = found.rules
    [limit] = rule.conditions
    [own] = (
        read_policy(policy(("permission", {"constraint": constraint("count", "lteq", 3)})))
        .rules[0]
        .conditions
    )
    assert (limit.left, limit.operator, limit.right) == (own.left, own.operator, own.right)


def test_what_is_no_turtle_is_refused() -> None:
    with pytest.raises(BadRequestData):
        parse_policies("no turtle at all")


def test_a_policy_that_refers_to_itself_is_refused() -> None:
    with pytest.raises(BadRequestData):
        parse_policies(
            "@prefix odrl: <http://www.w3.org/ns/odrl/2/> . <urn:p> a odrl:Set ; odrl:permission <urn:r> ."
            "<urn:r> odrl:duty <urn:d> . <urn:d> odrl:consequence <urn:d> ."
        )


def test_policies_and_decisions_in_plain_words() -> None:
    document = policy(
        (
            "permission",
            {"constraint": constraint("purpose", "eq", "urn:planning"), "duty": {"action": "attribute"}},
        )
    )
    [english] = describe_policy(read_policy(document))
    assert english == ("anyone may use: loops, if the purpose is planning, with the duty to name the source.")
    for language in LANGUAGES:
        answer, *reasons = describe_decision(decided(document, asked(purpose="urn:planning")), language)
        assert answer and reasons == list(describe_policy(read_policy(document), language))
    assert len(describe_decision(decided(policy(("prohibition", {}))))) == 2


def test_every_language_has_a_word_for_every_rule_sign_and_ground() -> None:
    for language in LANGUAGES:
        for kind in RuleKind:
            assert describe_policy(read_policy(policy((kind.value, {}))), language)
        for operator in (
            "eq",
            "neq",
            "isA",
            "hasPart",
            "isPartOf",
            "isAllOf",
            "isAnyOf",
            "isNoneOf",
            "gt",
            "lteq",
        ):
            document = policy(("permission", {"constraint": constraint("count", operator, 3)}))
            assert describe_policy(read_policy(document), language)
