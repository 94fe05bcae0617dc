"""An asset published in one twin is found, judged and adopted in the other; hostile packages get nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.egress.http import Response
from sympolis.plugins import loader
from sympolis.testing.offering import simulators_with_toy, write_offering
from sympolis.testing.trading import Pair, open_trading_twin, two_twins

SERVICE = "service.entry-charge"
STORY = """
id = "morning"
[title]
en = "A morning"
[lead]
en = "How the town wakes up."
[[steps]]
view = "map"
[steps.title]
en = "Look"
[steps.text]
en = "The streets at seven."
"""
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [{"cell_type": "code", "source": ["import msgspec\n"], "metadata": {}, "outputs": []}],
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("assets")
    registry = simulators_with_toy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "simulators", lambda: registry)
        write_offering(folder / "a")
        told = folder / "a" / "stories" / "morning.toml"
        told.parent.mkdir(exist_ok=True)
        told.write_text(STORY, encoding="utf-8")
        with two_twins(folder, store="embedded") as found:
            yield found


def ask(pair: Pair, twin: Any, method: str, path: str, document: Any = None) -> Any:
    return pair.run(twin.ask(method, f"/api/assets{path}", document))


def published(pair: Pair, kind: str, name: str, **more: Any) -> Any:
    answer = ask(pair, pair.provider, "POST", "/published", {"kind": kind, "name": name, **more})
    if answer.status == 409:  # another test did
        return ask(pair, pair.provider, "GET", f"/published/{kind}.{name}").json
    assert answer.status == 201, answer.body
    return answer.json


def wanted(pair: Pair, asset: str, version: str, **more: Any) -> dict[str, Any]:
    return {"partner": pair.provider.id, "asset": asset, "version": version, **more}


def found(pair: Pair, query: str = "") -> Any:
    return ask(pair, pair.consumer, "GET", f"?anew=true&scope=partners{query}").json


def test_everything_that_a_twin_has_can_be_published(pair: Pair) -> None:
    things = ask(pair, pair.provider, "GET", "/publishable").json["things"]
    kinds = {one["kind"] for one in things}
    assert {"dataset", "data-model", "mapping", "service", "model", "rulebook", "contract-template"} <= kinds
    assert {"kind": "service", "name": "entry-charge"}.items() <= next(
        one for one in things if one["kind"] == "service"
    ).items()


def test_a_service_is_published_from_the_running_twin_with_what_it_needs(pair: Pair) -> None:
    made = published(pair, "service", "entry-charge")
    assert made["publisher"] == pair.provider.id and made["licence"] == "CC0-1.0" and made["sbom"]
    assert [one["place"] for one in made["files"]] == ["models/toy.json", "services/entry-charge.json"]
    assert "https://smallville.example/terms/RoadSegment" in made["needs"]
    met = {one["id"]: one["met"] for one in made["checks"]}
    assert met["licence"] and met["signature"] and met["contract"] and met["used"] is False
    assert made["mistakes"] == [] and "Entry charge" in made["readme"]


def test_nothing_new_is_no_new_version_and_a_version_never_changes(pair: Pair) -> None:
    made = published(pair, "mapping", "areas")
    again = ask(pair, pair.provider, "POST", "/published", {"kind": "mapping", "name": "areas"})
    assert again.status == 409 and "nothing has changed" in again.json["detail"]
    same = {"kind": "mapping", "name": "areas", "version": made["version"], "licence": "MIT"}
    assert ask(pair, pair.provider, "POST", "/published", same).status == 409


def test_partners_find_it_with_facets_and_a_silent_partner_is_said(pair: Pair) -> None:
    published(pair, "service", "entry-charge")
    seen = found(pair, "&q=charge")
    assert [one["id"] for one in seen["assets"]] == [SERVICE] and seen["facets"]["kind"] == {"service": 1}
    assert not seen["partial"] and found(pair, "&q=charge&kind=mapping")["assets"] == []
    pair.wire.gone.add(pair.provider.host)
    try:
        late = found(pair, "&q=charge")
        assert late["partial"] and late["assets"][0]["state"] == "stale"
    finally:
        pair.wire.gone.clear()
        pair.run(pair.consumer.ask("POST", f"/api/federation/partners/{pair.provider.id}/contact"))


def test_the_report_comes_first_and_installs_nothing(pair: Pair) -> None:
    made = published(pair, "service", "entry-charge")
    told = ask(pair, pair.consumer, "POST", "/report", wanted(pair, SERVICE, made["version"]))
    assert told.status == 200, told.body
    report = told.json
    assert report["verdict"] == "runs with adaptations" and report["problems"] == []
    assert {one["kind"] for one in report["adaptations"]} >= {"calibration", "scenarios"}
    assert report["needs"]["toy"][0]["found"] == 8 and report["effort_days"][1] > 0
    assert report["installs"] == {"models": ["toy"], "services": ["entry-charge"]}
    assert report["signature"]["publisher"] == pair.provider.id
    assert ask(pair, pair.consumer, "GET", "/installed").json == {"installed": []}


def test_adopted_it_is_counted_runs_after_the_next_start_and_can_be_let_go(
    pair: Pair, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = published(pair, "service", "entry-charge")
    answer = ask(pair, pair.consumer, "POST", "/installed", wanted(pair, SERVICE, made["version"]))
    assert answer.status == 201, answer.body
    assert answer.json["state"] == "next-start" and answer.json["told"]
    here = ask(pair, pair.provider, "GET", f"/published/{SERVICE}").json
    assert here["adoptions"] == 1 and {one["id"]: one["met"] for one in here["checks"]}["used"]
    again = ask(pair, pair.consumer, "POST", "/installed", wanted(pair, SERVICE, made["version"]))
    assert again.status == 201, "a new version of it may follow"
    assert ask(pair, pair.provider, "GET", f"/published/{SERVICE}").json["adoptions"] == 1

    reopened(pair)
    services = pair.run(pair.consumer.ask("GET", "/api/services/entry-charge"))
    assert services.status == 200 and services.json["check"]["verdict"] == "runs"
    [kept] = ask(pair, pair.consumer, "GET", "/installed").json["installed"]
    assert kept["state"] == "holds"
    taken = ask(pair, pair.consumer, "POST", "/published", {"kind": "service", "name": "entry-charge"})
    assert taken.status == 201, "and passed on, by our word"

    assert ask(pair, pair.consumer, "DELETE", f"/installed/{kept['id']}").status == 204
    reopened(pair)
    assert pair.run(pair.consumer.ask("GET", "/api/services/entry-charge")).status == 404


def reopened(pair: Pair) -> None:
    """The consumer's twin after a restart."""
    old = pair.consumer
    folder = Path(str(old.twin.city.folder)).parent
    pair.run(old.twin.close())
    pair.consumer = pair.run(open_trading_twin(folder, old.name, pair.wire, store="embedded"))
    old.twin = pair.consumer.twin


def test_what_is_only_shown_holds_at_once_and_is_gone_at_once(pair: Pair) -> None:
    made = published(pair, "story", "morning")
    asked = wanted(pair, "story.morning", made["version"])
    assert ask(pair, pair.consumer, "POST", "/report", asked).json["holds"] == "holds"
    assert told_stories(pair) == set()
    installed = ask(pair, pair.consumer, "POST", "/installed", asked)
    assert installed.status == 201 and installed.json["state"] == "holds", installed.body
    assert told_stories(pair) == {"morning"}
    assert "stories" in pair.run(pair.consumer.ask("GET", "/api/city")).json["parts"]

    reopened(pair)
    assert told_stories(pair) == {"morning"}, "and after the next start"
    assert ask(pair, pair.consumer, "DELETE", f"/installed/{installed.json['id']}").status == 204
    assert told_stories(pair) == set()


def told_stories(pair: Pair) -> set[str]:
    """The stories that the consumer's twin tells now."""
    found = pair.run(pair.consumer.ask("GET", "/api/stories"))
    assert found.status == 200
    return {one["id"] for one in found.json["stories"]}


def test_what_this_twin_calls_the_same_is_never_replaced(pair: Pair) -> None:
    made = published(pair, "mapping", "areas")
    report = ask(pair, pair.consumer, "POST", "/report", wanted(pair, "mapping.areas", made["version"])).json
    assert report["verdict"] == "cannot" and report["problems"][0]["kind"] == "taken"
    asked = wanted(pair, "mapping.areas", made["version"], anyway=True)
    assert ask(pair, pair.consumer, "POST", "/installed", asked).status == 409


def test_a_licence_that_nobody_knows_has_to_be_accepted(pair: Pair) -> None:
    made = handed_in(pair, "learn-it", licence="LicenseRef-Odd")
    asked = wanted(pair, "notebook.learn-it", made["version"])
    refused = ask(pair, pair.consumer, "POST", "/installed", asked)
    assert refused.status == 403 and "LicenseRef-Odd" in refused.json["detail"]
    taken = ask(pair, pair.consumer, "POST", "/installed", {**asked, "licences": ["LicenseRef-Odd"]})
    assert taken.status == 201 and taken.json["state"] == "kept"


def handed_in(pair: Pair, name: str, **more: Any) -> Any:
    body = base64.b64encode(json.dumps(NOTEBOOK).encode()).decode()
    asked = {"kind": "notebook", "name": name, "licence": "MIT", "files": {"a.ipynb": body}, **more}
    answer = ask(pair, pair.provider, "POST", "/published", asked)
    assert answer.status == 201, answer.body
    return answer.json


def test_a_notebook_is_handed_in_and_parsed_but_never_run(pair: Pair) -> None:
    made = handed_in(pair, "look")
    assert made["mistakes"] == [] and made["sbom"]
    odd = {"kind": "notebook", "name": "x", "licence": "MIT", "files": {"../a.ipynb": "e30="}}
    assert ask(pair, pair.provider, "POST", "/published", odd).status == 400
    service = {"kind": "service", "name": "x", "licence": "MIT", "files": {"a.json": "e30="}}
    assert ask(pair, pair.provider, "POST", "/published", service).status == 400


def test_what_was_changed_on_its_way_is_refused(pair: Pair) -> None:
    made = published(pair, "service", "entry-charge")

    def spoil(url: str, answer: Response) -> Response:
        if "/shared/assets/" not in url:
            return answer
        from sympolis.dataspace.repository.package import read_package, write_package

        one = read_package(answer.body)
        text = one.manifest_text.replace(b'"CC0-1.0"', b'"MIT"')
        return Response(200, answer.headers, write_package(text, one.word, one.readme, one.bill, one.content))

    pair.wire.spoil = spoil
    try:
        answer = ask(pair, pair.consumer, "POST", "/installed", wanted(pair, SERVICE, made["version"]))
    finally:
        pair.wire.spoil = lambda _, answer: answer
    assert answer.status == 401, answer.body


def test_it_is_in_the_catalogue_with_the_hash_of_its_package(pair: Pair) -> None:
    made = published(pair, "service", "entry-charge")
    whole = pair.run(pair.provider.ask("GET", "/catalogue?f=ttl")).body.decode()
    assert f"/catalogue/assets/{SERVICE}>" in whole
    one = pair.run(pair.provider.ask("GET", f"/catalogue/assets/{SERVICE}?f=ttl")).body.decode()
    place = f"/published/{SERVICE}/versions/{made['version']}"
    body = ask(pair, pair.provider, "GET", f"{place}/package").body
    assert hashlib.sha256(body).hexdigest() in one.lower()
    assert pair.run(pair.provider.ask("GET", "/catalogue/assets/service.none")).status == 404
    assert ask(pair, pair.provider, "GET", f"{place}/kserve").status == 409, "it has no endpoint of its own"


def test_withdrawn_it_is_on_offer_no_longer(pair: Pair) -> None:
    made = published(pair, "mapping", "loops")
    place = f"/published/mapping.loops/versions/{made['version']}"
    assert ask(pair, pair.provider, "GET", f"{place}/package").status == 200
    assert ask(pair, pair.provider, "DELETE", place).status == 204
    assert ask(pair, pair.provider, "GET", f"{place}/package").status == 404
    assert "mapping.loops" not in {one["id"] for one in found(pair)["assets"]}


def test_only_partners_hear_of_it_between_twins(pair: Pair) -> None:
    for path in ("/assets", f"/assets/{SERVICE}/1.0.0"):
        answer = pair.run(pair.provider.ask("GET", f"/api/federation/shared{path}"))
        assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/published", {"kind": "song", "name": "x"}, 400),
        ("/published", {"kind": "service", "name": "nothing"}, 404),
        ("/published", {"kind": "mapping", "name": "streets", "version": "1"}, 400),
        ("/published", {"kind": "mapping", "name": "streets", "colour": "red"}, 400),
        ("/report", {"partner": "did:web:nobody.test", "asset": SERVICE, "version": "1.0.0"}, 404),
        ("/installed", {"partner": "", "asset": SERVICE, "version": "1.0.0"}, 400),
    ],
)
def test_mistakes_of_people_are_told(pair: Pair, path: str, body: Any, status: int) -> None:
    assert ask(pair, pair.provider, "POST", path, body).status == status
