"""`sympolis federation search|matrix|needs|benchmarks`: what partners offer, need and can."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, notes, reports_errors, screen, show, text

needs = typer.Typer(help="Open needs: what a city looks for.", no_args_is_help=True)
_SIGNS = {"runs": "runs", "runs with adaptations": "adapts", "cannot": "no"}


@reports_errors
def search(
    words: Annotated[str, typer.Argument(help="Words to be found, in any language.")] = "",
    partner: Annotated[
        str | None, typer.Option("--with", metavar="DID", help="Only what this partner offers.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What partners offer, across cities."""
    asked = {"q": words, "partner": partner or "", "limit": limit}
    query = urlencode({name: value for name, value in asked.items() if value})
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/federation/catalogue?{query}")
    show(found, form, _draw_entries)


@reports_errors
def matrix(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Which service of whom runs on whose data."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/matrix")
    show(found, form, _draw_matrix)


@reports_errors
def benchmarks(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """The same indicators by the same method, city beside city."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/benchmarks")
    show(found, form, _draw_benchmarks)


@needs.command("list")
@reports_errors
def list_needs(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What this city and its partners look for."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/needs")
    show(found, form, _draw_needs)


@needs.command("add")
@reports_errors
def add_need(
    title: Annotated[str, typer.Argument(help="What is looked for.")],
    kind: Annotated[str, typer.Option("--type", help="The type of entity.")] = "",
    attribute: Annotated[
        list[str] | None, typer.Option(help="An attribute that is needed; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="The title's language.")] = "en",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say that something is looked for; partners see it."""
    asked = {"title": {language: title}, "type": kind, "attributes": attribute or []}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/federation/needs", asked)
    show(found, form, lambda one: screen.print(f"{one['id']}: partners see it"))


@needs.command("close")
@reports_errors
def close_need(
    need: Annotated[str, typer.Argument(help="The need's id.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """It is looked for no longer."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("DELETE", f"/api/federation/needs/{quote(need, safe='')}")
    show(found, form, lambda one: screen.print(f"{one['id']} closed"))


def _draw_entries(found: dict[str, Any]) -> None:
    rows = [
        [
            text(one["title"]) or one["id"],
            one["kind"],
            one["partner_name"],
            one["licence"],
            len(one["offers"]),
        ]
        for one in found["entries"]
    ]
    draw(["what", "kind", "of", "licence", "offers"], rows)
    _say_who_lacks(found["partners"])


def _draw_matrix(found: dict[str, Any]) -> None:
    cities = [one["partner"] for one in found["cities"]]
    verdicts = {(one["owner"], one["service"], one["city"]): one["verdict"] for one in found["cells"]}
    rows = [
        [
            text(one["title"]) or one["id"],
            *(_SIGNS.get(verdicts.get((one["owner"], one["id"], city), ""), "?") for city in cities),
        ]
        for one in found["services"]
    ]
    draw(["service", *(text(one["title"]) or one["name"] for one in found["cities"])], rows)
    _say_who_lacks(found["cities"])


def _draw_benchmarks(found: dict[str, Any]) -> None:
    rows = [
        [
            text(one["title"]),
            text(figure["title"]),
            round(figure["value"], one["decimals"]),
            one["symbol"],
            figure["quality"]["grade"],
        ]
        for one in found["indicators"]
        for figure in one["figures"]
    ]
    draw(["indicator", "city", "value", "unit", "quality"], rows)
    _say_who_lacks(found["partners"])


def _draw_needs(found: dict[str, Any]) -> None:
    ours = [
        ["we", text(one["title"]), one["id"], "closed" if one["closed_at"] else ""] for one in found["ours"]
    ]
    theirs = [
        [
            one["partner_name"],
            text(one["title"]),
            one["id"],
            f"we have {one['we_have']}" if one["we_have"] else "",
        ]
        for one in found["theirs"]
    ]
    draw(["who", "looks for", "id", ""], [*ours, *theirs])
    _say_who_lacks(found["partners"])


def _say_who_lacks(told: list[dict[str, Any]]) -> None:
    for one in told:
        if one["state"] != "fresh":
            notes.print(f"{one['name']}: {one['state']} ({one.get('reason') or 'no answer'})", markup=False)
