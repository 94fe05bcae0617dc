"""`sympolis export` and `restore`: the whole twin in open formats, so that no city is ever locked in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from sympolis import __version__, app, settings
from sympolis.app import moving
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data, Store
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter, Manifest
from sympolis.context.dumps.tenants import tenants_in
from sympolis.domain import errors

PAGE = 1000

OVERVIEWS = ("city", "sources", "models", "scenarios", "runs")
"""Pages of the twin's own API that are kept as they are."""


@reports_errors
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    city: City = None,
    data: Data = None,
    store: Store = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the whole twin, or the broker without a city, in open formats: to leave, to move, or as a backup.

    Entities and histories (NGSI-LD, one document a line), subscriptions, registrations, hosted @contexts, scenarios,
    runs (CSV), sources. What runs may go on running.
    """
    chosen = settings.read({"city": city, "data": data, "store": store})
    _check_there(chosen)
    out = DumpWriter(whole.empty_folder(folder))
    if city is None and moving.is_broker(chosen):
        manifest = app.run(moving.export_into(out, chosen, moving.broker_folder(chosen), kind="broker"))
    else:
        manifest = _export_twin(out, chosen)
    show(msgspec.to_builtins(manifest), form, lambda found: draw(["file", "records", "bytes"], [
        [one["file"], one["records"], one["bytes"]] for one in found["files"]]))  # fmt: skip


def _check_there(chosen: settings.Settings) -> None:
    """Raise ``NotFound`` where there is no such folder: a mistyped one must not become a backup of nothing."""
    if chosen.store == "embedded" and not chosen.data.exists():
        raise errors.NotFound(
            "there is nothing here to export", where=str(chosen.data), hint="name the folder with --data"
        )


def _export_twin(out: DumpWriter, chosen: settings.Settings) -> Manifest:
    """For people first, in the city's own words; then what it takes to put it back."""
    with connect(chosen) as twin:
        for path in _export(twin, out.folder):
            out.add(str(path.relative_to(out.folder)), _records(path))
        if chosen.store == "memory":
            return out.finish(__version__, {"kind": "city", "store": "memory"}, _now())
        return moving.in_a_thread(moving.export_into(out, chosen, app.data_folder(chosen), kind="city"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@reports_errors
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `sympolis export` wrote.")],
    data: Data = None,
    store: Store = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Put an export back into an empty store of any kind: after a loss, or to move from one store to another.

    Killed half-way it is taken up where you run it again; a store that holds anything is left alone.
    """
    chosen = settings.read({"data": data, "store": store})
    dump = DumpReader(folder)
    target = moving.target_folder(chosen, dump)
    app.run(moving.restore_from(dump, chosen, target))
    told = {"folder": str(target), "tenants": [msgspec.to_builtins(one) for one in tenants_in(dump)]}
    show(told, form, lambda found: draw(["tenant", "entities", "instances"], [
        [one["name"] or "(default)", one["entities"], one["instances"]] for one in found["tenants"]]))  # fmt: skip


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


def _records(path: Path) -> int:
    if path.suffix in (".json", ".jsonld"):
        return 1
    with path.open("rb") as file:
        return sum(1 for _ in file) - (path.suffix == ".csv")
