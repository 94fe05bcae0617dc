"""`sympolis scenario review|move`: where a scenario is on its way to a decision, and taking the next step."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show, text
from sympolis.cli.scenario import app
from sympolis.domain.scenario import ScenarioStatus

__all__ = ["app"]

Scenario = Annotated[str, typer.Argument(help="A scenario's id.")]


@app.command("review")
@reports_errors
def show_review(
    scenario: Scenario,
    number: Annotated[
        int | None, typer.Option("--version", min=1, help="Show this version as it was instead.")
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Its status, every step with who, when and why, its versions, and where it can go from here."""
    path = f"/api/scenarios/{quote(scenario)}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{path}/review" if number is None else f"{path}/versions/{number}")
    show(found, form, _draw_review if number is None else _draw_version)


@app.command()
@reports_errors
def move(
    scenario: Scenario,
    to: Annotated[ScenarioStatus, typer.Argument(help="The status that it is to have.")],
    why: Annotated[str, typer.Option(help="The reason, for those who will wonder in a year.")],
    number: Annotated[
        int | None, typer.Option("--version", min=1, help="The version that you looked at.")
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Submit a scenario for review, approve it, send it back, adopt it or withdraw it."""
    asked: dict[str, Any] = {"status": str(to), "why": why}
    if number is not None:
        asked["version"] = number
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"/api/scenarios/{quote(scenario)}/review", asked)
    show(found, form, _draw_review)


def _draw_review(found: dict[str, Any]) -> None:
    ways = ", ".join(found["next"]) or "nowhere"
    steps = [[one["at"], one["status"], one["version"], one["by"], one["why"]] for one in found["steps"]]
    title = f"{text(found['title'])} · {found['status']} · version {found['version']} · next: {ways}"
    draw(["at", "became", "version", "by", "why"], steps, title=title)
    versions = [[one["version"], one["at"], one["by"], one["status"]] for one in found["versions"]]
    if versions:
        draw(["version", "saved", "by", "status"], versions)


def _draw_version(found: dict[str, Any]) -> None:
    rows = [[one["measure"], str(one["where"])[:60], one["parameters"]] for one in found["overrides"]]
    title = f"{text(found['title'])} · version {found['version']} · {found['status']}"
    draw(["measure", "where", "parameters"], rows, title=title)
