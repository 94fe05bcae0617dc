"""`sympolis master-data`: who a name means, what nobody knows yet, and the decisions about it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show

app = typer.Typer(help="Master data: streets, areas … and what their names mean.", no_args_is_help=True)

Kind = Annotated[str, typer.Argument(help="A kind, such as streets.")]
Words = Annotated[str, typer.Argument(help="The name that a source uses.")]
Thing = Annotated[str, typer.Argument(help="Id of the thing.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for those who will wonder.")]


@app.command("list")
@reports_errors
def list_things(
    kind: Annotated[str, typer.Argument(help="A kind; all kinds without one.")] = "",
    at: Annotated[str, typer.Option(help="Only what existed on this day, e.g. 2024-05-31.")] = "",
    name: Annotated[str, typer.Option(help="Only what this id, code, name or alias means.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows to show.")] = 100,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The kinds, or the things of one."""
    asked = urlencode(
        {key: value for key, value in {"at": at, "name": name, "limit": limit}.items() if value}
    )
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/master-data/{quote(kind)}?{asked}") if kind else twin.get("/api/master-data")
    show(found, form, _draw_things if kind else _draw_kinds)


def _draw_kinds(found: list[dict[str, Any]]) -> None:
    draw(["kind", "entity type", "things"], [[one["id"], one["entity_type"], one["things"]] for one in found])


def _draw_things(found: dict[str, Any]) -> None:
    names = ("id", "name", "aliases", "valid_from", "valid_to", "successors")
    rows = [[_cell(one[name]) for name in names] for one in found["things"]]
    draw(list(names), rows, title=f"{found['total']} things")


def _cell(value: Any) -> Any:
    return ", ".join(value) or None if isinstance(value, list) else value


@app.command()
@reports_errors
def matches(
    kind: Annotated[str, typer.Argument(help="A kind; all kinds without one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows to show.")] = 20,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Names that sources use and nobody knows, with what they may mean."""
    asked = urlencode({**({"kind": kind} if kind else {}), "limit": limit})
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/master-data/matches?{asked}")
    show(found, form, _draw_matches)


def _draw_matches(found: dict[str, Any]) -> None:
    rows = []
    for one in found["matches"]:
        best = one["candidates"] or [{"id": None, "name": None, "score": None, "reasons": []}]
        rows += [
            [
                one["kind"],
                one["words"],
                one["source"],
                like["id"],
                like["name"],
                like["score"],
                "; ".join(like["reasons"]),
            ]
            for like in best[:3]
        ]
    draw(
        ["kind", "name", "source", "may be", "called", "score", "why"],
        rows,
        title=f"{found['total']} open questions",
    )


@app.command()
@reports_errors
def accept(
    kind: Kind, words: Words, thing: Thing, by: By, why: Why = "", city: City = None, data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:  # fmt: skip
    """The name means this thing: an alias from now on. Run the source again to take its rows in."""
    _decide(
        {"kind": kind, "action": "accept", "words": words, "thing": thing, "by": by, "reason": why},
        city,
        data,
        form,
    )


@app.command()
@reports_errors
def reject(
    kind: Kind, words: Words, thing: Thing, by: By, why: Why = "", city: City = None, data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:  # fmt: skip
    """The name does not mean this thing, however alike they are."""
    _decide(
        {"kind": kind, "action": "reject", "words": words, "thing": thing, "by": by, "reason": why},
        city,
        data,
        form,
    )


@app.command()
@reports_errors
def merge(
    kind: Kind,
    thing: Thing,
    others: Annotated[list[str], typer.Argument(help="Ids of what became part of it.")],
    by: By,
    day: Annotated[str, typer.Option(help="Since when, e.g. 2024-05-31; today.")] = "",
    why: Why = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Other things became part of this one, which answers to their names from then on."""
    document = {"kind": kind, "action": "merge", "thing": thing, "others": others, "day": day, "by": by}
    _decide({**document, "reason": why}, city, data, form)


@app.command()
@reports_errors
def undo(
    kind: Kind,
    number: Annotated[int, typer.Argument(help="Number of the decision.", min=1)],
    by: By,
    why: Why = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Leave a decision out. Both stay in the book."""
    _decide({"kind": kind, "action": "undo", "undoes": number, "by": by, "reason": why}, city, data, form)


def _decide(document: dict[str, Any], city: str | None, data: Any, form: Format) -> None:
    with connect(settings.read({"city": city, "data": data})) as twin:
        taken = twin.post("/api/master-data/decisions", document)
    names = ("number", "action", "words", "thing", "by", "at")
    show(taken, form, lambda one: draw(list(names), [[one[name] for name in names]]))
