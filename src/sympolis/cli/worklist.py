"""`sympolis worklist`: what the twin is missing, who could bring it, how long that takes and what it is worth."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.app import try_service
from sympolis.city import package
from sympolis.city.owners import owners
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, show, text
from sympolis.domain import errors
from sympolis.orchestration.worklist import Asking, worklist


@reports_errors
def show_worklist(
    service: Annotated[
        str | None, typer.Option(help="Only what this service makes do without.", show_default="all services")
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(help="Another city's package whose --service is to come here; no twin has to run."),
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tasks, most pressing first: what keeps a service from running, what most services ask for, what is quick."""
    given = settings.read({"city": city, "data": data})
    if of is not None:
        tasks = _to_come(of, service, given.city)
    else:
        with connect(given) as twin:
            tasks = twin.get("/api/worklist")["tasks"]
    show([one for one in tasks if service is None or service in one["services"]], form, _draw)


def _to_come(home_name: str, service: str | None, here: str) -> list[dict[str, Any]]:
    """What a service of another city would be missing here, found without a server."""
    if service is None:
        raise errors.InvalidRequest("name the service that is to come", where="--service")
    home, other = package.load(package.locate(home_name)), package.load(package.locate(here))
    check = asyncio.run(try_service(home, service, other))
    title = next((plan.title for plan in home.services if plan.id == service), {})
    return worklist([Asking(service, title, check)], owners(other), other.facts.operator)


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            "!" if one["blocking"] else "",
            text(one["what"]),
            one["who"],
            " to ".join(cell(day) for day in one["effort_days"]),
            ", ".join(one["services"]),
        ]
        for one in found
    ]
    draw(["", "what", "who", "days", "services"], rows)
