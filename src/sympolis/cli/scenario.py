"""`sympolis scenario`: ask a what-if, and compare the answers."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import (
    Format,
    FormatOption,
    cell,
    draw,
    progress_bar,
    reports_errors,
    screen,
    show,
    text,
    unit_text,
)
from sympolis.cli.run_shown import draw_run, fed_by, interval_text, judged
from sympolis.domain import errors

app = typer.Typer(help="Scenarios: list, run, compare.", no_args_is_help=True)

_FINISHED = ("done", "failed", "cancelled")
_POLL_S = 0.25


@app.command("list")
@reports_errors
def list_scenarios(
    status: Annotated[
        str | None, typer.Option(help="Only those in these states, such as submitted,reviewed.")
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Every scenario with its status and latest run."""
    asked = f"?status={quote(status)}" if status else ""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/scenarios{asked}")["scenarios"]
    show(found, form, _draw_scenarios)


def _draw_scenarios(found: list[dict[str, Any]]) -> None:
    rows = [[one["id"], text(one["title"]), one["status"], one.get("latest_run")] for one in found]
    draw(["id", "title", "status", "latest run"], rows)


@app.command()
@reports_errors
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario's id.")],
    city: City = None,
    data: Data = None,
    mode: Annotated[str, typer.Option(help="interactive (mesoscopic) or job (microscopic).")] = "interactive",
    members: Annotated[
        int | None, typer.Option(min=2, max=64, help="Ensemble size.", show_default="model's own")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the whole ensemble.")] = 1,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run a scenario's ensemble and show its indicators."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = {"mode": mode, "members": members, "seed": seed}
        started = twin.post(f"/api/scenarios/{quote(scenario)}/runs", asked)
        finished = wait_for(twin, started)
        fed = fed_by(twin, finished) if form is Format.TABLE else []
    show(finished, form, lambda run: draw_run(run, fed))


def wait_for(twin: Client, run: dict[str, Any]) -> dict[str, Any]:
    """Follow a run to its end with a progress bar on stderr. Raises ``ModelFailed`` or ``Cancelled``."""
    with progress_bar("run") as tell:
        while run["status"] not in _FINISHED:
            progress = run.get("progress") or {}
            tell(progress.get("share", 0.0), text(progress.get("text")) or "run")
            time.sleep(_POLL_S)
            run = twin.get(f"/api/runs/{quote(run['id'])}")
    return _succeeded(run)


def _succeeded(run: dict[str, Any]) -> dict[str, Any]:
    if run["status"] == "done":
        return run
    if run["status"] == "cancelled":
        raise errors.Cancelled("the run was cancelled", where=run["id"])
    problem = run.get("error") or {}
    raise errors.ModelFailed(
        problem.get("detail", "the run failed"), where=run["id"], hint=problem.get("hint", "")
    )


@app.command()
@reports_errors
def compare(
    scenario: Annotated[str, typer.Argument(help="A scenario's or run's id.")],
    base: Annotated[str, typer.Argument(help="What to compare with: a scenario's or run's id.")] = "baseline",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What changes, how sure that is, and in plain words. Runs what has not been run yet."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        runs = [_run_of(twin, name) for name in (base, scenario)]
        found = twin.get(f"/api/comparisons?base={quote(runs[0])}&with={quote(runs[1])}")
    show(found, form, _draw_comparison)


def _run_of(twin: Client, name: str) -> str:
    if name.startswith("run-"):
        return name
    latest = twin.get(f"/api/scenarios/{quote(name)}").get("latest_run")
    if latest:
        return str(latest)
    started = twin.post(f"/api/scenarios/{quote(name)}/runs", {"mode": "interactive"})
    return str(wait_for(twin, started)["id"])


def _draw_comparison(found: dict[str, Any]) -> None:
    rows = [
        [text(one["title"]), one["base"]["value"], one["with"]["value"], unit_text(one["unit"]),
         one["change"]["value"], interval_text(one["change"]["interval"]), one["verdict"]]
        for one in found["indicators"]
    ]  # fmt: skip
    draw(["indicator", "base", "with", "unit", "change", "90 % interval of the change", "verdict"], rows)
    screen.print(text(found["text"]), soft_wrap=True)
    screen.print(judged(found["calibration"].get("held_out")), soft_wrap=True, markup=False)
    for said in found["warning_texts"]["with"]:
        screen.print(f"- {text(said)}", soft_wrap=True, markup=False)


@app.command()
@reports_errors
def explain(
    scenario: Annotated[str, typer.Argument(help="A scenario's or run's id.")],
    city: City = None,
    data: Data = None,
    points: Annotated[int, typer.Option(help="8, 16, 32, 64 or 128: more cost more and tell better.")] = 16,
    form: FormatOption = Format.TABLE,
) -> None:
    """Why the answer is uncertain: what each input explains, and how much narrower it would be if that were known."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        place = f"/api/runs/{quote(_run_of(twin, scenario))}/sensitivity"
        found = twin.post(place, {"points": points})
        while found["status"] == "running":
            time.sleep(_POLL_S)
            found = twin.get(place)
    show(_analysed(found), form, _draw_sensitivity)


def _analysed(found: dict[str, Any]) -> dict[str, Any]:
    if found["status"] == "done":
        return found
    problem = found.get("error") or {}
    detail = problem.get("detail", f"the analysis is {found['status']}")
    raise errors.ModelFailed(detail, where=found["run"], hint=problem.get("hint", ""))


def _draw_sensitivity(found: dict[str, Any]) -> None:
    rows = [
        [indicator["name"], text(one["title"]), one["first"], f"{cell(one['first_low'])} … {cell(one['first_high'])}",
         one["total"], indicator["half_width"], one["half_width_if_known"]]
        for indicator in found["indicators"] for one in indicator["inputs"]
    ]  # fmt: skip
    draw(
        ["indicator", "input", "explains", "90 % interval", "with interactions", "± now", "± if known"], rows
    )
