"""`sympolis assess`: what programmes ask of the twin, answered from evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.cli import assess_lists, call
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, screen, show, text

app = typer.Typer(help="The assessment from evidence, levels of MIMs, what is missing; the call's desk.")
app.add_typer(call.app, name="call")
app.add_typer(assess_lists.checklist, name="checklist")
app.add_typer(assess_lists.indicator, name="indicator")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@app.callback(invoke_without_command=True)
@reports_errors
def assessment(
    context: typer.Context, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """The self-assessment: score, band and every question. Exit code 1 below the programme's target."""
    if context.invoked_subcommand is not None:
        return
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/assessment")
    show(found, form, _draw_assessment)
    if not found["reached"]:
        raise typer.Exit(1)


def _draw_assessment(found: dict[str, Any]) -> None:
    screen.print(f"{found['average']} of 5, target {found['target']}: {text(found['band'])}")
    rows = [[one["id"], one["score"], one["basis"], text(one["text"])] for one in found["questions"]]
    draw(["question", "score", "rests on", ""], rows)


@app.command("mims")
@reports_errors
def mims(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Levels of MIM0 to MIM8, and the requirements that are not met."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/assessment/mims")["mims"]
    show(found, form, _draw_mims)


def _draw_mims(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["id"], text(one["title"]), one["level"], one["planned"] or "", _open(one["requirements"])]
        for one in found
    ]
    draw(["mim", "", "level", "planned", "not met"], rows)


def _open(requirements: list[dict[str, Any]]) -> str:
    return ", ".join(one["id"] for one in requirements if not one["met"])


@app.command("worklist")
@reports_errors
def worklist(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What is missing, with who takes it and when; what counts for most first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/assessment/worklist")["tasks"]
    show(found, form, _draw_worklist)


def _draw_worklist(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            text(one["what"]),
            one["who"],
            one["due"] or "",
            " to ".join(map(cell, one["effort_days"])),
        ]
        for one in found
    ]
    draw(["task", "", "who", "due", "days"], rows)


@app.command("answer")
@reports_errors
def answer(
    question: Annotated[str, typer.Argument(help="Q001 to Q036.")],
    score: Annotated[str, typer.Argument(help="1 to 5, or n/a where the question may be left out.")],
    reason: Annotated[str, typer.Option(help="What the answer rests on.")],
    evidence: Annotated[list[str] | None, typer.Option(help="A link; may be given several times.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Answer a question that no evidence can; it takes the place of what evidence proposes."""
    body = {"score": _score(score), "reason": reason, "evidence": evidence or []}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", f"/api/assessment/answers/{question}", body)
    show(found, form, _draw_assessment)


def _score(given: str) -> int | None:
    if given.lower() == "n/a":
        return None
    if not given.isdecimal():
        raise typer.BadParameter("is no score", param_hint="SCORE")
    return int(given)


@app.command("snapshot")
@reports_errors
def snapshot(
    moment: Annotated[str, typer.Argument(help="baseline, interim or final.")],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Keep the state as it is now, for the trend."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/assessment/snapshots", {"moment": moment, "note": note})
    show(found, form, lambda one: screen.print(f"{one['id']}: {one['average']} of 5"))


@app.command("fill")
@reports_errors
def fill(
    workbook: Annotated[
        Path, typer.Argument(help="The official workbook (.xlsx).", exists=True, dir_okay=False)
    ],
    to: Annotated[Path, typer.Option(help="Where the filled one is written.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Fill the official workbook in with scores and what they rest on."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        filled = twin.converted("/api/assessment/workbook/filled", workbook.read_bytes(), _XLSX)
    to.write_bytes(filled)
    show({"file": str(to), "bytes": len(filled)}, form, lambda one: screen.print(one["file"]))
