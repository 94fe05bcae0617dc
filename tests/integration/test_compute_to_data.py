"""Compute-to-data between two twins: nothing runs unapproved, nothing leaves that was not agreed on, both count."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.dataspace.computing.package import read_package, write_package
from sympolis.dataspace.dsp.processes import Agreement
from sympolis.egress.http import Response
from sympolis.testing.onnx_models import linear
from sympolis.testing.trading import Pair, two_twins

STREETS = "urn:sympolis:dataset:streets"
ODRL = "http://www.w3.org/ns/odrl.jsonld"
SIZE, OUTPUTS, COUNTED = (f"urn:sympolis:term:{name}" for name in ("groupSize", "outputs", "counted"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("computing")) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_policy(pair: Pair) -> Iterator[None]:
    yield
    book = pair.provider.twin.government.governed.gate.book  # type: ignore[union-attr]
    for name in ("streets", "counts"):
        if book.document(name) is not None:
            book.remove(name)


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def whole(number: int) -> dict[str, str]:
    return {"@value": str(number), "@type": "xsd:integer"}


def policy(
    pair: Pair, *constraints: dict[str, Any], action: str = "derive", dataset: str = "streets", **rule: Any
) -> None:
    one = {"action": action, **({"constraint": list(constraints)} if constraints else {}), **rule}
    document = {"@context": ODRL, "@type": "Set", "permission": [one]}
    pair.provider.twin.government.governed.gate.book.set(dataset, document)  # type: ignore[union-attr]
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]


def package(**more: Any) -> dict[str, Any]:
    return {
        "name": "capacity", "version": "1.0.0", "title": {"en": "Capacity"}, "licence": "CC0-1.0", "min_group": 5,
        "columns": [
            {"name": "capacity", "attribute": "capacity"},
            {"name": "class", "attribute": "roadClass", "type": "text"},
            {"name": "street", "attribute": "name", "type": "text"},
        ],
        "algorithm": {
            "kind": "group-statistics",
            "group_by": ["class"],
            "measures": [{"name": "mean", "statistic": "mean", "column": "capacity"}],
        },
        **more,
    }  # fmt: skip


def submit(pair: Pair, agreement: str, document: dict[str, Any], **more: Any) -> Any:
    asked = {
        "partner": pair.provider.id,
        "asset": more.pop("asset", STREETS),
        "agreement": agreement,
        "package": document,
    }
    return pair.ask(pair.consumer, "POST", "/computations", {**asked, **more})


def decide(pair: Pair, peer: str, act: str, why: str = "a test") -> Any:
    return pair.ask(
        pair.provider, "POST", f"/served-computations/{peer}/decision?wait_s=30", {"act": act, "why": why}
    )


def look(pair: Pair, computation: str) -> Any:
    return pair.ask(pair.consumer, "GET", f"/computations/{computation}").json


def agreed(pair: Pair, dataset: str = STREETS) -> str:
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]
    return str(pair.agree(dataset)["agreement"])


def computed(pair: Pair, document: dict[str, Any], *, agreement: str = "", **more: Any) -> Any:
    """A computation as the consumer sees it after the steward has approved it."""
    begun = submit(pair, agreement or agreed(pair, more.get("asset", STREETS)), document, **more)
    assert begun.status == 201, begun.body
    if begun.json["state"] == "submitted":
        decide(pair, begun.json["peer"], "approve")
    return look(pair, begun.json["id"])


def script(text: str, **more: Any) -> dict[str, Any]:
    document = package(algorithm={"kind": "script", "outputs": [{"name": "out", "numbers": ["x"]}]}, **more)
    return {"document": document, "script": text}


# --- the way


def test_what_may_be_computed_and_not_had(pair: Pair) -> None:
    """The dataset is on offer as compute-to-data alone; the same agreement gives no rows in any way."""
    policy(pair)
    [offered] = [
        one
        for one in pair.ask(pair.consumer, "GET", f"/partners/{pair.provider.id}/offers").json["datasets"]
        if one["@id"] == STREETS
    ]
    assert {one["format"] for one in offered["distribution"]} == {"Compute-To-Data"}
    agreement = agreed(pair)
    for way in ("NGSI-LD-PULL", "File-PULL"):
        begun = pair.begin(agreement, way, take=False)
        assert (begun["state"], begun["why"]) == ("TERMINATED", "no rule permits it now")
    found = computed(pair, package(), agreement=agreement)
    assert found["state"] == "released"
    assert found["outputs"] == {"groups": [{"class": "residential", "n": 8, "mean": 535.0}]}
    assert found["rows"] == 8


def test_nothing_runs_before_a_steward_has_approved(pair: Pair) -> None:
    policy(pair)
    begun = submit(pair, agreed(pair), package()).json
    assert (begun["state"], begun["outputs"]) == ("submitted", None)
    seen = pair.ask(pair.provider, "GET", f"/served-computations/{begun['peer']}").json
    assert seen["declaration"]["algorithm"]["kind"] == "group-statistics" and seen["outputs"] is None
    assert decide(pair, begun["peer"], "refuse", "").status == 400, "the partner is told why"
    assert decide(pair, begun["peer"], "refuse", "streets are not for this").json["state"] == "refused"
    assert decide(pair, begun["peer"], "approve").status == 409
    found = look(pair, begun["id"])
    assert (found["state"], found["why"]) == ("refused", "streets are not for this")


def test_an_approved_package_runs_again_by_itself_and_a_changed_one_does_not(pair: Pair) -> None:
    policy(pair)
    agreement = agreed(pair)
    computed(pair, package(), agreement=agreement)
    assert submit(pair, agreement, package()).json["state"] == "released"
    assert submit(pair, agreement, package(version="1.0.1")).json["state"] == "submitted"
    assert submit(pair, agreed(pair), package()).json["state"] == "submitted", "another agreement"


def test_both_sides_count_and_note_the_same(pair: Pair) -> None:
    policy(pair)
    found = computed(pair, package())
    comparison = pair.ask(pair.consumer, "GET", f"/transfers/{found['transfer']}/comparison").json
    assert comparison["agree"] and comparison["uses"] == len(found["requests"]) > 0
    noted = [
        entry.event for entry in pair.run(pair.provider.entries()) if entry.event.target == found["peer"]
    ]
    assert [one.operation for one in noted] == [
        "submitComputation", "readComputation", "decideServedComputation", "runComputation", "readComputation",
    ]  # fmt: skip
    assert all(one.via == found["agreement"] for one in noted)


def test_people_release_where_the_policy_asks_for_it(pair: Pair) -> None:
    policy(pair, duty=[{"action": "obtainConsent"}])
    found = computed(pair, package())
    assert (found["state"], found["outputs"]) == ("held", None)
    held = pair.ask(pair.provider, "GET", f"/served-computations/{found['peer']}").json
    assert held["outputs"]["groups"], "whoever decides sees what would leave"
    decide(pair, found["peer"], "release")
    assert look(pair, found["id"])["outputs"]["groups"][0]["n"] == 8
    other = computed(pair, package(version="2.0.0"))
    decide(pair, other["peer"], "withhold", "too fine")
    assert (look(pair, other["id"])["state"], look(pair, other["id"])["outputs"]) == ("refused", None)


def test_groups_of_observations_where_the_agreement_says_so(pair: Pair) -> None:
    policy(pair, constraint(COUNTED, "eq", "observation"), dataset="counts")
    document = package(
        columns=[{"name": "cars", "attribute": "intensity"}], history=True, counted="observation", min_group=10,
        algorithm={"kind": "group-statistics", "measures": [{"name": "all", "statistic": "count"}]},
    )  # fmt: skip
    found = computed(pair, document, asset="urn:sympolis:dataset:counts")
    assert found["outputs"]["groups"][0]["all"] == found["rows"] > 200


def test_a_learned_model_is_asked_for_each_row_and_its_mean_leaves(pair: Pair, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    policy(pair)
    document = package(
        columns=[{"name": "capacity", "attribute": "capacity"}, {"name": "length", "attribute": "length"}],
        algorithm={"kind": "model-means", "features": ["capacity", "length"], "low": 0, "high": 100},
    )
    model = base64.b64encode(linear(tmp_path).read_bytes()).decode()
    found = computed(pair, document, model=model)
    clipped = [min(max(2 * (500 + 10 * number) - 1000, 0), 100) for number in range(8)]
    assert found["outputs"]["groups"] == [{"n": 8, "mean": sum(clipped) / 8}], found["why"]


# --- what may not leave


def test_small_groups_do_not_leave(pair: Pair) -> None:
    policy(pair)
    document = package(algorithm={**package()["algorithm"], "group_by": ["street"]})
    found = computed(pair, document)
    assert found["state"] == "refused" and "fewer than 5" in found["why"]


@pytest.mark.parametrize(
    ("bound", "more", "status"),
    [
        ((SIZE, "gteq", whole(10)), {"min_group": 5}, 403),
        ((SIZE, "gteq", whole(10)), {"min_group": 10}, 201),
        ((OUTPUTS, "lteq", whole(1)), {}, 201),
        ((OUTPUTS, "lteq", whole(0)), {}, 403),
        ((COUNTED, "eq", "entity"), {"counted": "observation"}, 403),
    ],
)
def test_what_a_package_says_of_itself_has_to_fit_the_agreement(
    pair: Pair, bound: tuple[str, str, Any], more: dict[str, Any], status: int
) -> None:
    policy(pair, constraint(*bound))
    answer = submit(pair, agreed(pair), package(**more))
    assert answer.status == status, answer.body


def test_groups_are_of_entities_unless_the_agreement_says_otherwise(pair: Pair) -> None:
    policy(pair)
    answer = submit(pair, agreed(pair), package(counted="observation"))
    assert answer.status == 403 and "counted by observations" in answer.json["detail"]
    policy(pair, action="use")
    assert submit(pair, agreed(pair), package(counted="observation")).status == 201, (
        "who may read all may count so"
    )


def test_an_answer_is_not_to_be_taken_from_an_earlier_one(pair: Pair) -> None:
    """Asked of eight streets and, when one of them has no capacity any more, of seven: the difference is that one."""
    policy(pair)
    agreement = agreed(pair)
    assert computed(pair, package(), agreement=agreement)["state"] == "released"
    street, capacity = "urn:ngsi-ld:RoadSegment:smallville:1", "https://smallville.example/terms/capacity"
    path = f"/ngsi-ld/v1/entities/{street}"
    before = pair.run(pair.provider.ask("GET", path)).json[capacity]
    assert pair.run(pair.provider.ask("DELETE", f"{path}/attrs/{quote(capacity, safe='')}")).status == 204
    try:
        found = computed(pair, package(version="3.0.0"), agreement=agreed(pair))
        assert found["state"] == "refused" and "differ by 1" in found["why"]
        assert submit(pair, agreement, package()).json["state"] == "refused", (
            "nor by the package that was approved"
        )
    finally:
        assert pair.run(pair.provider.ask("POST", f"{path}/attrs", {capacity: before})).status == 204
    assert submit(pair, agreement, package()).json["state"] == "released", "the same again tells nothing new"


def test_one_partners_packages_run_one_at_a_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    policy(pair)
    agreement = agreed(pair)
    computed(pair, package(), agreement=agreement)
    providing = pair.provider.twin.federation.providing  # type: ignore[union-attr]
    run, under_way, most = providing._run, [], []

    def counted(*given: Any, **more: Any) -> Any:
        under_way.append(1)
        most.append(len(under_way))
        try:
            return run(*given, **more)
        finally:
            under_way.pop()

    monkeypatch.setattr(providing, "_run", counted)
    asked = {"partner": pair.provider.id, "asset": STREETS, "agreement": agreement, "package": package()}

    async def three() -> list[Any]:
        sent = (pair.consumer.ask("POST", "/api/federation/computations", asked) for _ in range(3))
        return list(await asyncio.gather(*sent))

    assert {one.status for one in pair.run(three())} == {201}
    pair.run(providing.settled())
    assert most == [1, 1, 1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "def compute(c, p):\n    return {'out': [{'n': 8, 'x': 1.0}], 'more': []}",
            "'more' was not agreed on",
        ),
        (
            "def compute(c, p):\n    return {'out': [{'n': 8, 'x': 1.0, 'street': c['street'][0]}]}",
            "a row was agreed on",
        ),
        ("def compute(c, p):\n    return {'out': [{'n': 8, 'x': c['street'][0]}]}", "a number was agreed on"),
        (
            "def compute(c, p):\n    return {'out': [{'n': 8, 'x': float(i)} for i in range(101)]}",
            "101 rows are more",
        ),
        (
            "def compute(c, p):\n    return {'out': [{'n': 1, 'x': float(v)} for v in c['capacity']]}",
            "fewer than 5",
        ),
        ("def compute(c, p):\n    return {'out': [{'n': 8, 'x': float('inf')}]}", "a number was agreed on"),
    ],
)
def test_outputs_that_were_not_agreed_on_stop_the_whole(pair: Pair, text: str, why: str) -> None:
    policy(pair)
    found = computed(pair, script(text)["document"], script=text)
    assert found["state"] == "refused" and why in found["why"], found
    assert found["outputs"] is None


def test_what_a_script_gives_is_always_released_by_people(pair: Pair) -> None:
    policy(pair)
    text = "def compute(c, p):\n    return {'out': [{'n': 8, 'x': float(c['capacity'].sum()) * p['by']}]}"
    found = computed(pair, script(text)["document"], script=text, parameters={"by": 2})
    assert found["state"] == "held"
    seen = pair.ask(pair.provider, "GET", f"/served-computations/{found['peer']}").json
    assert seen["script"] == text and seen["outputs"]["out"] == [{"n": 8, "x": 8560.0}]


# --- hostile packages


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def compute(c, p):\n    open('/tmp/outside', 'w')", "Operation not permitted"),
        ("def compute(c, p):\n    return open('/etc/passwd').read()", "Operation not permitted"),
        ("import socket", "ModuleNotFoundError"),
        ("import _socket\n_socket.socket()", "Error"),
        ("def compute(c, p):\n    import os\n    while True:\n        os.fork()", "Operation not permitted"),
        ("def compute(c, p):\n    import os\n    os.execv('/bin/sh', ['sh'])", "Operation not permitted"),
        ("def compute(c, p):\n    import os\n    os.kill(os.getppid(), 9)", "Operation not permitted"),
        (
            "def compute(c, p):\n    import os\n    while True:\n        os.write(1, b'x' * 65536)",
            "more than",
        ),
        ("def compute(c, p):\n    return bytearray(4 << 30)", "MB"),
        ("def compute(c, p):\n    while True:\n        pass", "used up its time"),
        ("def compute(c, p):\n    import os\n    os._exit(0)", "stopped"),
        ("def compute(c, p):\n    import os\n    os.write(1, b'forged')\n    os._exit(0)", "no answer"),
    ],
)
def test_a_malicious_package_gets_nowhere(pair: Pair, text: str, why: str) -> None:
    policy(pair)
    found = computed(pair, script(text, cpu_s=1)["document"], script=text)
    assert found["state"] == "failed" and why in found["why"], found["why"]


def test_a_package_changed_on_its_way_or_of_somebody_else_is_refused(pair: Pair) -> None:
    policy(pair)
    agreement = agreed(pair)
    asking = pair.consumer.twin.federation.asking  # type: ignore[union-attr]
    real = asking._signed

    def other(one: Any) -> bytes:
        _, word = read_package(real(one))
        changed = one.files["compute.json"].replace(b'"min_group":5', b'"min_group":6')
        return write_package(type(one)(one.declaration, {"compute.json": changed}), word)

    asking._signed = other
    try:
        assert submit(pair, agreement, package()).status in (400, 502)
        federation = pair.provider.twin.federation
        asking._signed = lambda one: write_package(
            one,
            federation.keys.sign({"typ": "compute+jwt"}, one.claims(), did=federation.own.did()),  # type: ignore[union-attr]
        )
        assert submit(pair, agreement, package()).status == 403
    finally:
        asking._signed = real
    assert all(
        one["agreement"] != agreement
        for one in pair.ask(pair.provider, "GET", "/served-computations").json["computations"]
    )


def test_a_partner_that_sends_more_than_was_agreed_on_is_not_believed(pair: Pair) -> None:
    policy(pair)
    agreement = agreed(pair)
    computed(pair, package(), agreement=agreement)

    def spoil(url: str, answer: Response) -> Response:
        if not url.endswith("/computations"):
            return answer
        said = json.loads(answer.body)
        said["outputs"]["groups"][0]["street"] = "Street 1"
        return Response(answer.status, answer.headers, json.dumps(said).encode())

    pair.wire.spoil = spoil
    try:
        found = submit(pair, agreement, package()).json
    finally:
        pair.wire.spoil = lambda _, answer: answer
    assert (found["state"], found["outputs"]) == ("failed", None)
    assert "not agreed on" in found["why"]


def test_a_partner_that_is_away_leaves_what_is_known(pair: Pair) -> None:
    policy(pair)
    begun = submit(pair, agreed(pair), package(version="4.0.0")).json
    pair.wire.gone.add(pair.provider.host)
    try:
        assert look(pair, begun["id"])["state"] == "submitted"
    finally:
        pair.wire.gone.clear()


# --- agreements


def test_an_agreement_that_has_ended_gives_nothing_any_more(pair: Pair) -> None:
    policy(pair)
    agreement = agreed(pair)
    waiting = submit(pair, agreement, package()).json
    done = computed(pair, package(version="3.0.0"), agreement=agreement)
    pair.ask(
        pair.provider, "POST", f"/agreements/{agreement}/decision", {"act": "terminate", "why": "enough"}
    )
    assert decide(pair, waiting["peer"], "approve").json["state"] == "refused", (
        "an approval does not outlive it"
    )
    pair.settle()
    assert submit(pair, agreement, package()).status in (403, 409)
    assert look(pair, waiting["id"])["state"] in ("refused", "submitted")
    assert done["state"] == "released", "what came before stays"


def test_no_more_runs_than_were_agreed_on(pair: Pair) -> None:
    policy(pair, constraint("count", "lteq", whole(2)))
    agreement = agreed(pair)
    states = [computed(pair, package(), agreement=agreement)["state"] for _ in range(2)]
    assert states == ["released", "released"]
    assert submit(pair, agreement, package()).status == 403
    held = pair.provider.desk.book.find(Agreement, agreement)
    assert held is not None and held.ended is None


def test_a_dataset_that_may_be_read_and_not_derived_from_is_not_computed_on(pair: Pair) -> None:
    policy(pair, action="read")
    answer = submit(pair, agreed(pair), package())
    assert answer.status == 409 and "TERMINATED" in answer.json["detail"]


def test_columns_that_are_not_there_are_named(pair: Pair) -> None:
    policy(pair)
    document = package(columns=[{"name": "capacity", "attribute": "salary"}, package()["columns"][1]])
    found = computed(pair, document)
    assert found["state"] == "failed" and "salary" in found["why"]
