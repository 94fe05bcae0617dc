"""`sympolis export`: the whole twin in open formats, so that no city is ever locked in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.parse import quote

import typer

from sympolis import __version__, settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show
from sympolis.domain import errors

PAGE = 1000

OVERVIEWS = ("city", "sources", "models", "scenarios", "runs")
"""Pages of the twin's own API that are kept as they are."""


@reports_errors
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the whole twin: entities and history (NGSI-LD, one document a line), scenarios, runs (CSV), sources."""
    _must_be_empty(folder)
    with connect(settings.read({"city": city, "data": data})) as twin:
        written = [_described(path, folder) for path in _export(twin, folder)]
    manifest = {"format": "sympolis-export/1", "sympolis": __version__, "files": written}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    show(manifest, form, lambda found: draw(["file", "records", "bytes"], [
        [one["file"], one["records"], one["bytes"]] for one in found["files"]]))  # fmt: skip


def _must_be_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.InvalidRequest(
            "exists and is not an empty folder", where=str(folder), hint="name a new one"
        )
    folder.mkdir(parents=True, exist_ok=True)


def _export(twin: Client, folder: Path) -> Iterator[Path]:
    yield _write(folder / "context.jsonld", twin.get(twin.get("/api/city")["context"]))
    yield from _write_entities(twin, folder)
    for name in OVERVIEWS:
        yield _write(folder / f"{name}.json", twin.get(f"/api/{name}"))
    for run in twin.get("/api/runs")["runs"]:
        if run["status"] == "done":
            yield _write_results(twin, folder / "results", run["id"])


def _write_entities(twin: Client, folder: Path) -> list[Path]:
    """Every entity with its history, one a line, in a file for each type."""
    with ExitStack() as open_files:
        files: dict[Path, IO[str]] = {}
        for entity in _entities(twin):
            _append(files, open_files, folder / "entities" / _file_name(entity), entity)
            if _has_history(entity):
                history = twin.entities(f"/ngsi-ld/v1/temporal/entities/{quote(entity['id'], safe='')}")
                _append(files, open_files, folder / "history" / _file_name(entity), history)
    return sorted(files)


def _entities(twin: Client) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        page = twin.entities(f"/ngsi-ld/v1/entities?local=true&limit={PAGE}&offset={offset}&options=sysAttrs")
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def _file_name(entity: Mapping[str, Any]) -> str:
    types = entity["type"] if isinstance(entity["type"], list) else [entity["type"]]
    return re.sub(r"[^A-Za-z0-9]+", "-", types[0].rpartition("/")[2]) + ".jsonl"


def _has_history(entity: Mapping[str, Any]) -> bool:
    instances = (one for value in entity.values() for one in (value if isinstance(value, list) else [value]))
    return any(isinstance(one, Mapping) and "observedAt" in one for one in instances)


def _append(files: dict[Path, IO[str]], open_files: ExitStack, path: Path, record: Any) -> None:
    if path not in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        files[path] = open_files.enter_context(path.open("w", encoding="utf-8"))
    files[path].write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _write_results(twin: Client, folder: Path, run: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{run}.csv"
    path.write_bytes(
        twin.raw("GET", f"/api/runs/{quote(run)}/results.csv", headers={"accept": "text/csv"}).body
    )
    return path


def _described(path: Path, root: Path) -> dict[str, Any]:
    content = path.read_bytes()
    records = 1 if path.suffix in (".json", ".jsonld") else content.count(b"\n") - (path.suffix == ".csv")
    digest = hashlib.sha256(content).hexdigest()
    return {"file": str(path.relative_to(root)), "records": records, "bytes": len(content), "sha256": digest}
