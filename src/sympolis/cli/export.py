"""`sympolis export`: the whole twin in open formats, so that no city is ever locked in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import __version__, settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show
from sympolis.domain import errors

PAGE = 1000
HISTORY_PAGE = 50


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
        written = list(_export(twin, folder))
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


def _export(twin: Client, folder: Path) -> Iterator[dict[str, Any]]:
    for collection in twin.get("/ogc/collections")["collections"]:
        yield _write_lines(
            folder / "entities" / f"{collection['id']}.jsonl", _entities(twin, collection["id"]), folder
        )
        yield _write_lines(
            folder / "history" / f"{collection['id']}.jsonl", _histories(twin, collection["id"]), folder
        )
    for name, path in (("city", "/api/city"), ("sources", "/api/sources"), ("models", "/api/models"),
                       ("scenarios", "/api/scenarios"), ("runs", "/api/runs")):  # fmt: skip
        yield _write_lines(folder / f"{name}.json", iter([twin.get(path)]), folder)
    for run in twin.get("/api/runs")["runs"]:
        if run["status"] == "done":
            yield _write_raw(
                folder / "results" / f"{run['id']}.csv",
                twin,
                f"/api/runs/{quote(run['id'])}/results.csv",
                folder,
            )


def _entities(twin: Client, type_name: str) -> Iterator[Any]:
    offset = 0
    while True:
        page = twin.get(
            f"/ngsi-ld/v1/entities?type={quote(type_name)}&limit={PAGE}&offset={offset}&options=sysAttrs"
        )
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def _histories(twin: Client, type_name: str) -> Iterator[Any]:
    for entity in _entities(twin, type_name):
        if _has_history(entity):
            yield twin.get(f"/ngsi-ld/v1/temporal/entities/{quote(entity['id'], safe='')}")


def _has_history(entity: dict[str, Any]) -> bool:
    return any(isinstance(one, dict) and "observedAt" in one for one in entity.values())


def _write_lines(path: Path, records: Iterator[Any], root: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return _described(path, count, root)


def _write_raw(path: Path, twin: Client, address: str, root: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = twin.raw("GET", address, accept="text/csv").body
    path.write_bytes(body)
    return _described(path, body.count(b"\n") - 1, root)


def _described(path: Path, records: int, root: Path) -> dict[str, Any]:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"file": str(path.relative_to(root)), "records": records, "bytes": len(content), "sha256": digest}
