"""The demo of the federation with two small cities: servers of their own, partners by invitation, and the tour."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.city import package
from sympolis.cli import federation_demo
from sympolis.cli.federation_demo import Member
from sympolis.cli.federation_tour import Tour
from sympolis.domain import errors
from sympolis.testing.small_city import write_package

ANY_PORT = 0
"""The server takes one that is free and says which: tests beside this one cannot take it in between."""


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Member]]:
    """Two servers that know each other."""
    folder = tmp_path_factory.mktemp("demo")
    cities = [_city(folder / name) for name in ("north", "south")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(federation_demo, "_places", lambda _: [(city, ANY_PORT) for city in cities])
        patch.setattr("signal.signal", lambda *_: None)
        with federation_demo.running({"data": folder / "data"}) as found:
            federation_demo.introduce(found)
            federation_demo._wait_until_ready(found)
            yield found


def _city(folder: Path) -> str:
    """A small city that releases what its licences let it."""
    package_folder = write_package(folder)
    (package_folder / "policies").mkdir(exist_ok=True)
    release = '[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\n'
    (package_folder / "policies" / "release.toml").write_text(release, encoding="utf-8")
    return str(package_folder)


def test_the_cities_of_the_demo_are_data() -> None:
    assert len(federation_demo.cities()) >= 2
    assert all(package.locate(city) for city in federation_demo.cities())


def test_the_cities_are_separate_and_partners_of_each_other(members: list[Member]) -> None:
    dids = set()
    for one in members:
        [partner] = one.twin.get("/api/federation/partners")["partners"]
        dids.add(one.twin.get("/api/federation/about")["id"])
        assert partner["knows_us"] and partner["vouches_for_us_until"]
    assert len(dids) == 2
    federation_demo.introduce(members)
    assert all(len(one.twin.get("/api/federation/partners")["partners"]) == 1 for one in members)


def test_the_tour_goes_from_discovery_to_the_end(members: list[Member]) -> None:
    first, second = members
    partner = second.twin.get("/api/federation/about")["id"]
    told: list[str] = []
    found = Tour(first.twin, partner, lambda step, _: told.append(step)).run()
    assert told == ["discover", "compatibility", "negotiate", "transfer", "call", "usage", "terminate"]
    agreement = first.twin.get(f"/api/federation/agreements/{quote(found['agreement'], safe='')}")
    assert agreement["ended"] and not agreement["allows_now"]
    uses = second.twin.get("/api/federation/usage")["uses"]
    assert uses and all(one["partner"] == first.twin.get("/api/federation/about")["id"] for one in uses)
    with pytest.raises(errors.NotFound):
        Tour(first.twin, partner, lambda *_: None, dataset="nothing-like-it").run()


def test_a_partners_entities_are_in_our_answers_as_long_as_the_contract_holds(members: list[Member]) -> None:
    first, second = members
    partner = second.twin.get("/api/federation/about")["id"]
    entries = first.twin.get("/api/federation/catalogue?kind=dataset&limit=100")["entries"]
    dataset = next(one["id"] for one in entries if one["id"].endswith("areas"))
    asked = {"partner": partner, "dataset": dataset}
    agreement = first.twin.post("/api/federation/negotiations?wait_s=20", asked)["agreement"]
    wanted = {"agreement": agreement, "format": "NGSI-LD-PULL", "take": False}
    transfer = first.twin.post("/api/federation/transfers?wait_s=20", wanted)
    link = first.twin.post("/api/federation/links", {"transfer": transfer["id"]})
    path = f"/ngsi-ld/v1/entities?type={quote(link['type'], safe='')}&limit=100"
    assert "NGSILD-Warning" not in _headers(first, path)
    [before] = [one for one in second.twin.get("/api/federation/usage")["uses"][-1:]]
    assert "/ngsi-ld/v1/entities" in before["target"] or before["bytes"] > 0
    with pytest.raises(errors.AlreadyExists):
        first.twin.post("/api/federation/links", {"transfer": transfer["id"]})
    decision = f"/api/federation/transfers/{quote(transfer['id'], safe='')}/decision?wait_s=10"
    first.twin.post(decision, {"act": "suspend"})
    assert "403" in _headers(first, path)["NGSILD-Warning"]
    first.twin.call("DELETE", f"/api/federation/links/{quote(transfer['id'], safe='')}")
    assert "NGSILD-Warning" not in _headers(first, path)


def test_partners_from_the_command_line(members: list[Member]) -> None:
    first, _ = members
    command = [sys.executable, "-m", "sympolis", "federation", "partner"]
    where = ["--city", first.city, "--data", str(Path(first.city).parent / "data"), "--format", "json"]
    listed = subprocess.run([*command, "list", *where], capture_output=True, text=True, check=True)
    [partner] = json.loads(listed.stdout)
    again = subprocess.run(
        [*command, "add", partner["base_url"], *where], capture_output=True, text=True, check=False
    )
    assert again.returncode == 3 and "already" in again.stderr
    contact = subprocess.run([*command, "contact", partner["id"], *where], capture_output=True, check=False)
    assert contact.returncode == 0


def _headers(member: Member, path: str) -> dict[str, Any]:
    import urllib.request

    with urllib.request.urlopen(member.address + path) as answer:
        return dict(answer.headers)
