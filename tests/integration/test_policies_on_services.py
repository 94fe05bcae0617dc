"""A city says in its package who may use an interface or run a model, for what and how often; a refusal says why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sympolis.api.services import SERVICES
from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.city import check
from sympolis.context.gated import everything, read_as
from sympolis.domain import errors
from sympolis.governance import interfaces
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.gate import Circumstances, Gate
from sympolis.governance.policy.reader import PolicyReader
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.roles.table import default_table
from sympolis.settings import Settings
from sympolis.stores.embedded.identity import EmbeddedDirectory
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package
from sympolis.testing.small_twin import small_twin

OGC = """
uid = "urn:test:ogc"
[[permission]]
uid = "urn:test:ogc:planners"
action = "use"
target = "urn:sympolis:service:ogc"
assignee = "urn:sympolis:role:partner"
[[permission.constraint]]
leftOperand = "purpose"
operator = "eq"
rightOperand = { "@id" = "dpv:ResearchAndDevelopment" }
"""
THREE_TIMES = """
uid = "urn:test:sensors"
[[permission]]
uid = "urn:test:sensors:three"
action = "read"
target = "urn:sympolis:service:sensorthings"
[[permission.constraint]]
leftOperand = "count"
operator = "lteq"
rightOperand = 3
"""
PURPOSE = {"sympolis-purpose": "dpv:ResearchAndDevelopment"}


@dataclass
class House:
    twin: Twin
    client: Client
    keys: dict[str, str]

    def get(self, path: str, role: str = "", **headers: str) -> Answer:
        proof = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.get(path, **proof, **headers)


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    runner = asyncio.Runner()
    loop = runner.get_loop()
    opened: list[Twin] = []

    def open_it(**policies: str) -> House:
        folder = write_package(tmp_path / "smallville")
        (folder / "policies").mkdir(exist_ok=True)
        files = {"release": '[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\n', **policies}
        for name, text in files.items():
            (folder / "policies" / f"{name}.toml").write_text(text, encoding="utf-8")
        settings = Settings(city=str(folder), data=tmp_path / "data", store="memory", identity="required")
        twin = loop.run_until_complete(open_twin(settings))
        opened.append(twin)
        loop.run_until_complete(twin.coordinator.run_all())
        assert twin.government is not None
        accounts = twin.government.governed.accounts
        keys = {}
        for role in ("partner", "analyst"):
            accounts.add(role, roles=[role])
            keys[role] = accounts.add_key(role)[1]
        return House(twin, Client(twin.asgi, loop), keys)

    yield open_it
    for twin in opened:
        loop.run_until_complete(twin.close())
    runner.close()


def test_an_interface_is_for_whom_and_what_the_policy_says(open_house: Callable[..., House]) -> None:
    house = open_house(ogc=OGC)
    items = "/ogc/collections/RoadSegment/items"
    assert house.get(items, "partner", **PURPOSE).status == 200
    refused = house.get(items, "partner", **{"accept-language": "de"})
    assert refused.status == 403
    assert "Keine Regel gestattet es" in refused.json["detail"]
    assert "partner darf nutzen: ogc, wenn der Zweck ist ResearchAndDevelopment" in refused.json["detail"]
    assert house.get(items, "analyst", **PURPOSE).status == 403
    assert house.get(items).status == 401
    assert house.get("/sta/v1.1/Things").status == 200, "other interfaces stay as they are"
    assert house.get("/ogc").status == 200, "that it is there is no secret"


def test_uses_of_an_interface_are_counted(open_house: Callable[..., House]) -> None:
    house = open_house(sensors=THREE_TIMES)
    asked = [house.get("/sta/v1.1/Things", "partner").status for _ in range(4)]
    assert asked == [200, 200, 200, 403]


def test_every_operation_of_the_table_is_there(open_house: Callable[..., House]) -> None:
    names = {operation.name for operation in open_house().twin.asgi.operations}
    assert SERVICES.keys() - names == set()
    assert set(SERVICES.values()) == interfaces.IDS


def test_offers_follow_from_policies_release_and_rights(open_house: Callable[..., House]) -> None:
    house = open_house(
        ogc=OGC, release='[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\nexcept = ["counts"]\n'
    )
    found = house.get("/api/catalogue?limit=100", "analyst").json["things"]
    offers = {(one["kind"], one["id"]): one["offers"] for one in found}
    assert offers["dataset", "counts"] == [], "what is not released is not offered"
    [streets] = offers["dataset", "streets"]
    assert streets["policy"]["permission"][0]["action"] == [{"@id": "http://www.w3.org/ns/odrl/2/use"}]
    [ogc] = offers["service", "ogc"]
    assert "partner may use: ogc, if the purpose is ResearchAndDevelopment." in ogc["words"][0]["en"]
    assert ogc["policy"]["permission"][0]["constraint"][0]["leftOperand"]["@id"].endswith("purpose")
    assert {one["id"] for one in found if one["access"] == "restricted"} == {"ogc"}
    turtle = house.get("/catalogue", "analyst", accept="text/turtle").body.decode()
    assert "odrl:Offer" in turtle and "odrl:hasPolicy" in turtle


@pytest.mark.parametrize(("target", "wrong"), [("service:ogcc", "service"), ("model:wind", "model")])
def test_a_name_that_is_not_there_is_found_by_the_check(tmp_path: Path, target: str, wrong: str) -> None:
    folder = write_package(tmp_path / "smallville")
    (folder / "policies").mkdir()
    text = OGC.replace("urn:sympolis:service:ogc", f"urn:sympolis:{target}")
    (folder / "policies" / "a.toml").write_text(text, encoding="utf-8")
    [finding] = [one for one in check.check(folder) if one.error]
    assert f"there is no {wrong} urn:sympolis:{target}" in finding.message


def test_a_model_is_run_by_whom_the_policy_lets(tmp_path: Path) -> None:
    rule = {"action": "execute", "target": "urn:sympolis:model:toy", "assignee": "urn:sympolis:role:planner"}
    book = PolicyBook([read_policy({"permission": [rule]})], EmbeddedDirectory.in_memory())
    gate = Gate(book, default_table(), NothingReleased(), lambda: ())

    def reader(role: str) -> PolicyReader:
        return PolicyReader(gate, Subject(role, frozenset({role}), Proof.KEY), Circumstances(), "it")

    with small_twin(tmp_path) as twin:

        async def start(role: str) -> str:
            read_as(reader(role))
            return str((await twin.desk.start_run("baseline"))["status"])

        async def started_by_the_server() -> str:
            with everything():
                return str((await twin.desk.start_run("baseline"))["status"])

        run = twin.client.loop.run_until_complete
        with pytest.raises(errors.Forbidden, match="planner può eseguire: toy"):
            run(start("analyst"))
        assert run(start("planner")) in ("queued", "running", "done")
        assert run(started_by_the_server()) in ("queued", "running", "done")


class NothingReleased:
    def is_released(self, dataset: str) -> bool:
        return False
