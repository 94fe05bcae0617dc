"""`sympolis source`: what comes in, how fresh it is, and the rows that did not pass the gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, notes, reports_errors, show, text
from sympolis.domain import errors

app = typer.Typer(
    help="Sources: propose, run, hand over, mend held rows, let old data go.", no_args_is_help=True
)

_COUNTS = ("read", "accepted", "unchanged", "duplicates", "quarantined", "observations")


@app.command("list")
@reports_errors
def list_sources(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every source with its state and the counts of its last run."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/sources")
    show(found, form, _draw_sources)


def _draw_sources(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            one["status"],
            (one.get("listening") or {}).get("state"),
            *((one.get("last_run") or {}).get(name) for name in _COUNTS),
            one["licence"],
        ]
        for one in found
    ]
    draw(["source", "state", "listens", *_COUNTS, "licence"], rows)


@app.command()
@reports_errors
def new(
    sample: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="A sample file, a download, or a dataset's page.")
    ],
    city: City = None,
    source_id: Annotated[str, typer.Option("--id", help="The source's id; from the file's name.")] = "",
    title: Annotated[str, typer.Option(help="Its title.")] = "",
    owner: Annotated[str, typer.Option(help="Who owns the data; the city's operator.")] = "",
    licence: Annotated[str, typer.Option(help="Their licence, e.g. CC-BY-4.0.")] = "",
    url: Annotated[str, typer.Option(help="The official page, where a file is given.")] = "",
    model: Annotated[str, typer.Option(help="Data model to take, whatever looks likest.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the two files; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a source of this id.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Look at a sample and write the source's two files, with reasons as comments, for you to edit."""
    from sympolis.cli import proposing

    wish = {"id": source_id, "title": title, "owner": owner, "licence": licence, "url": url, "model": model}
    found = proposing.new(settings.read({"city": city}), sample, wish, dry_run=dry_run, force=force)
    show(found, form, proposing.draw_proposal)


@app.command()
@reports_errors
def run(
    source: Annotated[str, typer.Argument(help="A source's id; `all` runs every one.")],
    city: City = None,
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    retrieve: Annotated[
        bool, typer.Option("--retrieve", help="Ask the portal for newer data first.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take the newest delivery although it looks wrong as a whole.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Map, check and write one source (or all). Exit code 1 if a run failed."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        wanted = {"dry_run": dry_run, "retrieve": retrieve, "accept": accept}
        names = [one["id"] for one in twin.get("/api/sources")] if source == "all" else [source]
        runs = [{"source": name, **twin.post(f"/api/sources/{quote(name)}/runs", wanted)} for name in names]
    show(runs, form, _draw_runs)
    if any(one.get("error") for one in runs):
        raise typer.Exit(NO)


def _draw_runs(runs: list[dict[str, Any]]) -> None:
    rows = [[one["source"], *(one.get(name) for name in _COUNTS), _reason(one)] for one in runs]
    draw(["source", *_COUNTS, "error"], rows)


def _reason(run: dict[str, Any]) -> str | None:
    problem = run.get("error")
    return problem.get("detail") if isinstance(problem, dict) else problem


@app.command()
@reports_errors
def deliver(
    source: Annotated[str, typer.Argument(help="A source's id.")],
    file: Annotated[Path, typer.Argument(help="The file, e.g. a workbook.", exists=True, dir_okay=False)],
    sender: Annotated[str, typer.Option(help="Who hands it over: a person or a department.")],
    city: City = None,
    data: Data = None,
    lang: Annotated[str, typer.Option(help="Language of the remarks: it, de or en.")] = "en",
    marked: Annotated[
        Path | None, typer.Option(help="Where to write the copy with the cells marked.")
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="Let it into the twin, rows that did not pass aside.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Release it although it looks wrong as a whole.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hand a file over: what it would change, and what is wrong in it. Exit code 1 if a row or the file is refused."""
    if accept and not release:
        raise errors.InvalidRequest("says how to release: it needs --release", where="--accept")
    path = f"/api/sources/{quote(source)}/handovers"
    asked = urlencode({"name": file.name, "sender": sender, "lang": lang})
    with connect(settings.read({"city": city, "data": data})) as twin:
        report = twin.upload(f"{path}?{asked}", file.read_bytes(), "application/octet-stream")
        if marked is not None:
            _write_marked(twin, report, marked)
        if release and report["state"] in (("checked", "doubtful") if accept else ("checked",)):
            wanted = {"by": sender, "accept": accept}
            report = twin.post(f"{path}/{quote(report['id'])}/release", wanted)
    show(report, form, _draw_report)
    if (report["problem"] and report["state"] != "released") or report["problems"]:
        raise typer.Exit(NO)


def _write_marked(twin: Client, report: dict[str, Any], to: Path) -> None:
    if report["marked_copy"]:
        to.write_bytes(twin.raw("GET", report["marked_copy"], headers={"accept": "*/*"}).body)
    else:
        notes.print(f"{to} is not written: nothing is wrong, or not a workbook", soft_wrap=True, markup=False)


def _draw_report(report: dict[str, Any]) -> None:
    if report["problem"]:
        draw(["handover", "state", "problem"], [[report["id"], report["state"], report["problem"]]])
    counts = report["counts"]
    if counts:
        draw(["handover", "state", *counts], [[report["id"], report["state"], *counts.values()]])
    rows = [[one["row"], one["field"], one["remark"]] for one in report["problems"]]
    if rows:
        draw(["row", "field", "remark"], rows)
    _draw_differences(report)


def _draw_differences(report: dict[str, Any]) -> None:
    """A line for each cell that differs from the delivery before."""
    rows = [
        [one["kind"], one["row"], one["row_before"], cell["field"], cell["before"], cell["after"]]
        for one in report["differences"]
        for cell in one["cells"]
    ]
    if rows:
        draw(["difference", "row", "row before", "field", "before", "now"], rows)
    if report["more_differences"]:
        notes.print(f"{report['more_differences']} rows more differ")


@app.command()
@reports_errors
def retain(
    source: Annotated[str, typer.Argument(help="A source's id; `all` looks at every one.")] = "all",
    city: City = None,
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be deleted; delete nothing.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Delete what a source (or all) keeps no longer, as its `retention` says: history, held rows, deliveries."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        names = [one["id"] for one in twin.get("/api/sources")] if source == "all" else [source]
        wanted = {"dry_run": dry_run}
        done = [twin.post(f"/api/sources/{quote(name)}/retention", wanted) for name in names]
    show(done, form, _draw_retained)


def _draw_retained(done: list[dict[str, Any]]) -> None:
    kinds = ("observations", "held_rows", "deliveries")
    rows = [[one["source"], *(one[kind] for kind in kinds), ", ".join(one["kept_for"])] for one in done]
    draw(["source", *kinds, "kept for"], rows)


@app.command()
@reports_errors
def impact(
    source: Annotated[str, typer.Argument(help="A source's id.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What breaks if this source stops. Exit code 1 if anything does."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/sources/{quote(source)}/impact")
    show(found, form, _draw_impact)
    if found["breaks"]:
        raise typer.Exit(NO)


def _draw_impact(found: dict[str, Any]) -> None:
    rows = [["attribute", name, "", "no other source gives it"] for name in found["lost"]]
    for kind in ("sources", "models", "scenarios", "layers", "figures"):
        why = {"sources": "why", "models": "effect", "scenarios": "model"}.get(kind, "")
        rows += [[kind.rstrip("s"), one["id"], text(one["title"]), one.get(why)] for one in found[kind]]
    draw(["what", "id", "title", "why"], rows, title=f"Without {found['source']}")


@app.command()
@reports_errors
def quarantine(
    source: Annotated[str, typer.Argument(help="A source's id.")],
    city: City = None,
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows to show.")] = 20,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Rows that did not pass the quality gate, each with its reasons."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/sources/{quote(source)}/quarantine?limit={limit}&offset={offset}")
    show(found, form, _draw_quarantine)


def _draw_quarantine(found: dict[str, Any]) -> None:
    rows = [
        [
            row["id"],
            row["row_number"],
            row["state"],
            "; ".join(text(why["message"]) for why in row["reasons"]),
        ]
        for row in found["rows"]
    ]
    draw(["id", "row", "state", "reasons"], rows, title=f"{found['total']} rows in quarantine")


@app.command()
@reports_errors
def replay(
    source: Annotated[str, typer.Argument(help="A source's id.")],
    row: Annotated[str, typer.Argument(help="The quarantined row's id.")],
    correct: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Correct a field; may be repeated."),
    ] = None,
    fields_file: Annotated[
        Path | None, typer.Option("--fields", help="A JSON file with corrected fields.")
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Put a quarantined row through the gate again, with corrected fields."""
    fields = {**_from_file(fields_file), **dict(_pair(one) for one in correct or ())}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"/api/sources/{quote(source)}/quarantine/{quote(row)}/replay", {"fields": fields})
    show(
        found, form, lambda one: draw(["id", "row", "state"], [[one["id"], one["row_number"], one["state"]]])
    )


def _pair(words: str) -> tuple[str, str]:
    name, equals, value = words.partition("=")
    if not equals or not name:
        raise errors.InvalidRequest(f"{words!r} is not FIELD=VALUE", where="--set")
    return name, value


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise errors.InvalidRequest(f"cannot be read as JSON: {problem}", where=str(path)) from problem
    if not isinstance(found, dict):
        raise errors.InvalidRequest("must hold one JSON object of field and value", where=str(path))
    return found
