"""`sympolis assess call`: consortia held against a call's rules, documents drafted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.domain import errors

app = typer.Typer(help="Consortia, rules of the call, coverage by strand, documents.", no_args_is_help=True)
_BASE = "/api/assessment"

Consortium = Annotated[str, typer.Argument(help="A consortium's id.")]


@app.command("list")
@reports_errors
def list_consortia(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every consortium: rules broken, requirements covered."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/consortia")["consortia"]
    show(found, form, _draw_list)


def _draw_list(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            one["title"],
            one["strand"],
            one["broken"],
            f"{one['coverage']['met']}/{one['coverage']['of']}",
        ]
        for one in found
    ]
    draw(["id", "title", "strand", "rules broken", "covered"], rows)


@app.command("keep")
@reports_errors
def keep(
    file: Annotated[Path, typer.Argument(help="The consortium as JSON.", exists=True, dir_okay=False)],
    consortium: Annotated[str | None, typer.Option(help="Put it in place of this one.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Keep a consortium, and add what this twin proves."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as cause:
        raise errors.InvalidRequest(f"not JSON: {cause}", where=str(file)) from cause
    with connect(settings.read({"city": city, "data": data})) as twin:
        method, path = ("POST", "") if consortium is None else ("PUT", f"/{quote(consortium, safe='')}")
        made = twin.call(method, f"{_BASE}/consortia{path}", document)
        found = twin.post(f"{_BASE}/consortia/{made['id']}/evidence", {})
    show(found, form, lambda one: screen.print(one["id"]))


@app.command("check")
@reports_errors
def check(
    consortium: Consortium, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Every rule of the call, the budget, what the strand asks. Exit code 1 where a rule is broken."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/consortia/{quote(consortium, safe='')}")["judgement"]
    show(found, form, _draw_judgement)
    if not found["kept"]:
        raise typer.Exit(1)


@app.command("join")
@reports_errors
def join(
    consortium: Consortium,
    name: Annotated[str, typer.Argument(help="Who joins.")],
    kind: Annotated[str, typer.Option(help="A kind that the call names, such as `university`.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, such as AT.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a partner in, and see which rules that mends. Exit code 1 where partners still do not suffice."""
    body = {"name": name, "kind": kind, "country": country}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"{_BASE}/consortia/{quote(consortium, safe='')}/partners", body)
    show(found, form, _draw_effect)
    if not found["eligible"]:
        raise typer.Exit(1)


def _draw_effect(found: dict[str, Any]) -> None:
    rows = [
        [what, one["rule"], text(one["text"])]
        for what in ("mended", "broken", "still")
        for one in found[what]
    ]
    draw(["", "rule", ""], rows)


def _draw_judgement(found: dict[str, Any]) -> None:
    draw(
        ["", "rule", ""],
        [["" if one["kept"] else "!", one["rule"], text(one["text"])] for one in found["rules"]],
    )
    covered = found["coverage"]
    screen.print(f"{covered['strand']}: {covered['met']} of {covered['of']}")
    rows = [[one["id"], "yes" if one["met"] else "no", text(one["title"])] for one in covered["requirements"]]
    draw(["requirement", "met", ""], rows)


@app.command("document")
@reports_errors
def document(
    deliverable: Annotated[str, typer.Argument(help="PD1 to PD5, or report.")],
    to: Annotated[Path, typer.Option(help="Where it is written: .docx, .pdf or .html.")],
    language: Annotated[str, typer.Option(help="it, de or en.")] = "en",
    consortium: Annotated[str, typer.Option(help="Whose document it is.", show_default="none")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Draft a deliverable from evidence; what is missing is marked."""
    kind = {".docx": "docx", ".pdf": "pdf", ".html": "page"}.get(to.suffix.lower())
    if kind is None:
        raise errors.InvalidRequest("ends in none of .docx, .pdf, .html", where="--to")
    asked = urlencode({"lang": language, **({"consortium": consortium} if consortium else {})})
    with connect(settings.read({"city": city, "data": data})) as twin:
        reply = twin.raw(
            "GET",
            f"{_BASE}/documents/{quote(deliverable, safe='')}/{kind}?{asked}",
            headers={"accept": "*/*"},
        )
    to.write_bytes(reply.body)
    show({"file": str(to), "bytes": len(reply.body)}, form, lambda one: screen.print(one["file"]))
