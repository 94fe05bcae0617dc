"""The same proposals over HTTP and on the command line; a model at the door of a dataset."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.verbs import app
from sympolis.domain import errors
from sympolis.testing.small_city import write_package

CSV = "codice;nome;posti totali;posti liberi;lat;lon\n" + "\n".join(
    f"P{n};Parcheggio {n};{100 * n};{n};44.5;11.3{n}" for n in range(1, 9)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_package(tmp_path / "smallville")


def asked(folder: Path) -> Any:
    return settings.read({"city": str(folder), "data": folder.parent / "data", "store": "memory"})


def test_a_sample_is_sent(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        path = "/api/sources/proposals?name=parcheggi.csv&licence=CC0-1.0"
        found = twin.upload(path, CSV.encode(), "application/octet-stream")
        assert found["models"][0]["name"] == "OffStreetParking"
        assert 'licence = "CC0-1.0"' in found["files"]["sources/parcheggi.toml"]
        assert found["reasons"]["mapping.entity_id"]["confidence"] > 0.9
        with pytest.raises(errors.SourceFailed, match="format"):
            twin.upload("/api/sources/proposals?name=a.bin", b"\0\1", "application/octet-stream")
        with pytest.raises(errors.InvalidRequest):
            twin.post("/api/sources/proposals", {"file": "x"})
        with pytest.raises(errors.SourceFailed):  # the guard does not let the server call itself
            twin.post("/api/sources/proposals", {"url": "http://127.0.0.1:1/x.csv"})
        with pytest.raises(errors.NotFound, match="Parkng"):
            twin.upload(f"{path}&model=Parkng", CSV.encode(), "application/octet-stream")


def sympolis(*words: str) -> Any:
    done = CliRunner().invoke(app, [*words, "--format", "json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else done.stderr


def test_the_command_writes_what_runs(folder: Path, tmp_path: Path) -> None:
    sample = tmp_path / "parcheggi.csv"
    sample.write_text(CSV)
    words = ("source", "new", str(sample), "--city", str(folder), "--id", "car-parks", "--licence", "CC0-1.0")
    code, shown = sympolis(*words, "--dry-run")
    assert (code, shown["written"]) == (0, [])
    assert not (folder / "sources/car-parks.toml").exists()
    code, shown = sympolis(*words)
    assert code == 0 and len(shown["written"]) == 4
    code, findings = sympolis("city", "check", str(folder))
    assert code == 0 and not any(one["error"] for one in findings)
    code, runs = sympolis(
        "source", "run", "car-parks", "--city", str(folder), "--data", str(tmp_path / "data")
    )
    assert code == 0 and runs[0]["accepted"] == 8
    assert sympolis(*words)[0] == 3
    assert sympolis("source", "new", "nowhere.csv", "--city", str(folder))[0] == 2


DOOR = """[model]
name = "OffStreetParking"
version = "1.0.0"
mismatch = "{action}"
"""


@pytest.mark.parametrize(
    ("action", "accepted", "held", "state"),
    [("warn", 8, 0, "done"), ("quarantine", 7, 1, "done"), ("reject", 0, 0, "failed")],
)
def test_a_model_at_the_door(
    folder: Path, tmp_path: Path, action: str, accepted: int, held: int, state: str
) -> None:
    sample = tmp_path / "parcheggi.csv"
    sample.write_text(CSV.replace("P3;Parcheggio 3;300;3", "P3;Parcheggio 3;300000;3"))
    words = ("source", "new", str(sample), "--city", str(folder), "--id", "car-parks")
    assert sympolis(*words)[0] == 0
    file = folder / "sources/car-parks.toml"
    text = file.read_text()
    file.write_text(f"{text[: text.index('[model]')]}{DOOR.format(action=action)}\n[expectations]\n")
    with connect(asked(folder)) as twin:
        run = twin.post("/api/sources/car-parks/runs", {})
        assert (run["accepted"], run["quarantined"], run["state"]) == (accepted, held, state)
        if action == "quarantine":
            [row] = twin.get("/api/sources/car-parks/quarantine")["rows"]
            assert row["reasons"][0]["field"] == "totalSpotNumber"
            assert "OffStreetParking 1.0.0" in row["reasons"][0]["message"]
        if action == "reject":
            assert "P3 does not conform to OffStreetParking" in run["error"]


def test_a_rejected_delivery_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """Also where its bad row comes after thousands of good ones, batches later."""
    sample = tmp_path / "parcheggi.csv"
    good = "\n".join(f"P{n};Parcheggio {n};{100 + n};7;44.5;11.3" for n in range(5000))
    sample.write_text(
        f"codice;nome;posti totali;posti liberi;lat;lon\n{good}\nBAD;Ultimo;300000;1;44.5;11.3\n"
    )
    assert sympolis("source", "new", str(sample), "--city", str(folder), "--id", "car-parks")[0] == 0
    file = folder / "sources/car-parks.toml"
    text = file.read_text()
    file.write_text(f"{text[: text.index('[model]')]}{DOOR.format(action='reject')}\n[expectations]\n")
    with connect(asked(folder)) as twin:
        run = twin.post("/api/sources/car-parks/runs", {})
        assert run["state"] == "failed" and "BAD does not conform" in run["error"]
        assert twin.entities("/ngsi-ld/v1/entities?type=OffStreetParking&count=true&limit=1") == []
