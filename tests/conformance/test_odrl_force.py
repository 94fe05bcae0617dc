"""The FORCE test suite for ODRL evaluators: which rules are active in which state of the world.

The cases lie beside the project (``../shared/conformance``), never in it. ``activationState`` is compared, and the
state of every premise.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from rdflib import DCTERMS, RDF, Graph, Namespace, URIRef

from sympolis.governance.policy.evaluation import PremiseKind, RuleReport, evaluate
from sympolis.governance.policy.graphs import policies_in
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.world import DutyState, Request, World

SUITE = Path(__file__).parents[2].parent / "shared" / "conformance" / "odrl-force-test-suite"
REPORT = Namespace("https://w3id.org/force/compliance-report#")
EXAMPLE = Namespace("http://example.org/")
ODRL_TERMS = Namespace(ODRL)
CASES = sorted((SUITE / "test_cases").glob("*.ttl"))
PREMISES = {
    "TargetReport": PremiseKind.TARGET,
    "PartyReport": PremiseKind.PARTY,
    "ActionReport": PremiseKind.ACTION,
    "ConstraintReport": PremiseKind.CONSTRAINT,
}

pytestmark = [
    pytest.mark.pack,
    pytest.mark.skipif(not CASES, reason="the conformance packs are not beside the project"),
]


def folder_index(name: str, kind: str) -> dict[str, Path]:
    """Which file states the policy, the request or the world of an identifier."""
    found = {}
    for path in (SUITE / name).glob("*.ttl"):
        graph = Graph().parse(path)
        for subject in {*graph.subjects(RDF.type, URIRef(kind)), *graph.subjects(RDF.type, ODRL_TERMS.Set)}:
            found[str(subject)] = path
    return found


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {
        **folder_index("policies", ODRL + "Policy"),
        **folder_index("requests", ODRL + "Request"),
        **folder_index("sotw", EXAMPLE.Sotw),
    }


def read_world(graph: Graph) -> World:
    now = next(graph.objects(URIRef("http://example.com/request/currentTime"), DCTERMS.issued))
    member_of: dict[str, frozenset[str]] = {}
    for member, collection in graph.subject_objects(ODRL_TERMS.partOf):
        member_of[str(member)] = member_of.get(str(member), frozenset()) | {str(collection)}
    duties = {
        str(graph.value(report, REPORT.rule)): DutyState(str(state).removeprefix(REPORT))
        for report, state in graph.subject_objects(REPORT.deonticState)
    }
    return World(now=datetime.fromisoformat(str(now)), member_of=member_of, duties=duties)


def read_request(graph: Graph) -> Request:
    asked = next(graph.objects(None, ODRL_TERMS.permission))
    return Request(
        action=str(graph.value(asked, ODRL_TERMS.action)),
        assignee=str(graph.value(asked, ODRL_TERMS.assignee)),
        target=str(graph.value(asked, ODRL_TERMS.target)),
    )


def states(report: RuleReport) -> list[tuple[str, bool]]:
    return sorted((str(premise.kind), bool(premise.satisfied)) for premise in report.premises)


def expected_states(graph: Graph, report: object) -> list[tuple[str, bool]]:
    """The premises named in a report; parts of a logical constraint are not premises of the rule."""
    found = []
    for premise in graph.objects(report, REPORT.premiseReport):
        kind = str(graph.value(premise, RDF.type)).removeprefix(REPORT)
        state = graph.value(premise, REPORT.satisfactionState)
        if kind in PREMISES:
            found.append((str(PREMISES[kind]), state == REPORT.Satisfied))
    return sorted(found)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_activation(case: Path, files: dict[str, Path]) -> None:
    graph = Graph().parse(case)
    test = graph.value(None, RDF.type, EXAMPLE.TestCase)
    policy, request, world = (
        str(graph.value(test, name)) for name in (EXAMPLE.policy, EXAMPLE.request, EXAMPLE.sotw)
    )
    [stated] = policies_in(Graph().parse(files[policy]))
    report = evaluate(
        stated, read_request(Graph().parse(files[request])), read_world(Graph().parse(files[world]))
    )
    by_rule = {found.rule.uid: found for found in report.rules}
    expected = list(graph.objects(None, REPORT.ruleReport))
    assert expected
    for wanted in expected:
        found = by_rule[str(graph.value(wanted, REPORT.rule))]
        assert found.active == (graph.value(wanted, REPORT.activationState) == REPORT.Active)
        if all((premise, None, None) in graph for premise in graph.objects(wanted, REPORT.premiseReport)):
            assert states(found) == expected_states(
                graph, wanted
            )  # case 065 refers to reports it does not give
