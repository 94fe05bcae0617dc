"""Services over HTTP and from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app
from sympolis.testing.small_city import write_package
from sympolis.testing.small_twin import SmallTwin, small_twin

PATH = "/api/services/entry-charge"
MODEL = 'id = "traffic"\nsimulator = "sumo_traffic"\n'
SERVICE = """
id = "closing"
model = "traffic"
title = { en = "Closing streets" }
question = { en = "What if a street were closed?" }
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("services")) as found:
        yield found


def finished(twin: SmallTwin, location: str) -> dict[str, Any]:
    async def wait() -> None:
        async for _ in twin.desk.run_events(location.rsplit("/", 1)[-1]):
            pass

    twin.client.loop.run_until_complete(wait())
    found: dict[str, Any] = twin.client.get(location).json
    return found


def test_a_service_is_listed_asked_and_found_again(twin: SmallTwin) -> None:
    [listed] = twin.client.get("/api/services").json["services"]
    assert twin.client.get(PATH).json == listed
    assert listed["check"]["verdict"] == "runs" and listed["levers"][0]["high"] == 10.0
    answer = twin.client.post(f"{PATH}/runs", {"levers": {"charge": 4}, "members": 2})
    assert answer.status == 202
    run = finished(twin, answer.header("location") or "")
    assert run["status"] == "done" and run["service"] == "entry-charge"
    again = twin.client.post(f"{PATH}/runs", {"levers": {"charge": 4}, "members": 2})
    assert (again.status, again.json["id"]) == (200, run["id"])
    assert run["id"] in [one["id"] for one in twin.client.get(f"{PATH}/runs").json["runs"]]
    compared = twin.client.get(f"/api/comparisons?base={run['baseline']}&with={run['id']}").json
    assert compared["paired"] is True


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"levers": {"charge": 40}}, "levers.charge"),
        ({"levers": {"toll": 4}}, "levers.toll"),
        ({"levers": [4]}, "levers"),
        ({"levers": {str(number): 1 for number in range(51)}}, "levers"),
        ({"mode": "guess"}, "mode"),
        ({"lever": {}}, "lever"),
    ],
)
def test_a_bad_request_is_400_with_its_place(twin: SmallTwin, document: Any, where: str) -> None:
    answer = twin.client.post(f"{PATH}/runs", document)
    assert (answer.status, answer.json["where"]) == (400, where)


def test_what_is_no_service_is_404(twin: SmallTwin) -> None:
    for target in ("/api/services/x", "/api/services/x/runs"):
        assert twin.client.get(target).status == 404
    assert twin.client.post("/api/services/x/runs", {}).status == 404


def invoke(*words: str, code: int) -> Any:
    done = CliRunner().invoke(app, [*words, "--format", "json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_command_says_why_a_city_cannot_run_a_service(tmp_path: Path) -> None:
    city = write_package(tmp_path / "smallville")
    for name, text in {"models/traffic.toml": MODEL, "services/closing.toml": SERVICE}.items():
        (city / name).parent.mkdir(exist_ok=True)
        (city / name).write_text(text)
    place = ("--city", str(city), "--data", str(tmp_path / "data"))
    assert [one["id"] for one in invoke("service", "list", *place, code=0)] == ["closing"]
    for words in (place, (*place, "--on", str(city))):
        found = invoke("service", "check", "closing", *words, code=1)
        assert found["verdict"] == "cannot"
        assert any("the twin has 0" in problem["text"]["en"] for problem in found["problems"])
    invoke("service", "check", "opening", *place, code=3)


def test_a_package_says_what_is_wrong_with_a_service(tmp_path: Path) -> None:
    city = write_package(tmp_path / "smallville")
    (city / "services").mkdir()
    (city / "services/closing.toml").write_text(SERVICE)
    found = invoke("city", "check", str(city), code=1)
    messages = [one["message"] for one in found["findings"]] if isinstance(found, dict) else [
        one["message"] for one in found
    ]  # fmt: skip
    assert "there is no model 'traffic'" in messages
