"""`sympolis service`: the questions that a city asks, whether its data suffice, and the answers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import app as application
from sympolis import settings
from sympolis.cli import plan
from sympolis.cli.client import Client, connect
from sympolis.cli.judged import draw_judged
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.cli.run_shown import draw_run, fed_by
from sympolis.cli.scenario import wait_for
from sympolis.cli.values import given_value

app = typer.Typer(help="Services: list, check, run.", no_args_is_help=True)
app.add_typer(plan.app, name="plan")

Service = Annotated[str, typer.Argument(help="A service's id.")]
_CANNOT = "cannot"


@app.command("list")
@reports_errors
def list_services(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every service with its question and whether it runs here."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/services")["services"]
    show(found, form, _draw_services)


def _draw_services(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["id"], text(one["title"]), text(one["question"]), one["check"]["verdict"], one["latest_run"]]
        for one in found
    ]
    draw(["id", "title", "question", "here", "latest run"], rows)


@app.command()
@reports_errors
def check(
    service: Service,
    on: Annotated[
        str | None,
        typer.Option(help="Another city's package (name or folder): would it run on that city's data?"),
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Whether the data suffice: it runs, runs with adaptations (exit code 0 both), or cannot (1), and why.

    With --on no twin has to run: the other city's samples are read through its own pipeline, in memory.
    """
    given = settings.read({"city": city, "data": data})
    if on is None:
        with connect(given) as twin:
            found = {"service": service, **twin.get(f"/api/services/{quote(service)}")["check"]}
    else:
        from sympolis.city import package  # most commands never open a package themselves

        home, other = package.load(given.city), package.load(on)
        found = asyncio.run(application.try_service(home, service, other))
    show(found, form, _draw_check)
    if found["verdict"] == _CANNOT:
        raise typer.Exit(1)


def _draw_check(found: dict[str, Any]) -> None:
    draw_judged(found)
    if found.get("without"):
        screen.print(f"- {'; '.join(text(one['text']) for one in found['without'])}", soft_wrap=True)
    for one in found.get("licences", ()):
        screen.print(f"- {one['source']}: {one['licence']}", soft_wrap=True)


@app.command()
@reports_errors
def run(
    service: Service,
    lever: Annotated[
        list[str] | None, typer.Option(help="A lever and its value, e.g. charge=5; may be repeated.")
    ] = None,
    city: City = None,
    data: Data = None,
    mode: Annotated[str, typer.Option(help="interactive (quick) or job (thorough).")] = "interactive",
    members: Annotated[
        int | None, typer.Option(min=2, max=64, help="Ensemble size.", show_default="model's own")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the whole ensemble.")] = 1,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run a service, show its indicators and, in plain words, what changes against the city as it is."""
    levers = dict(given_value(one) for one in lever or ())
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = {"levers": levers, "mode": mode, "members": members, "seed": seed}
        started = twin.post(f"/api/services/{quote(service)}/runs", asked)
        finished = wait_for(twin, started)
        told = _against_today(twin, finished) if form is Format.TABLE else ""
        fed = fed_by(twin, finished) if form is Format.TABLE else []

    def drawn(run: dict[str, Any]) -> None:
        draw_run(run, fed)
        screen.print(told, soft_wrap=True)

    show(finished, form, drawn)


def _against_today(twin: Client, run: dict[str, Any]) -> str:
    """The verdict on a run; '' for the city as it is, and where that could not be run."""
    if run.get("baseline") in (None, "", run["id"]):
        return ""
    place = f"/api/comparisons?base={quote(run['baseline'])}&with={quote(run['id'])}"
    return text(twin.get(place)["text"])
