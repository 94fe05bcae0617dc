"""`sympolis assess checklist` and `sympolis assess indicator`: what evidence answers and counts, what people add."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, screen, show, text

checklist = typer.Typer(help="Digital maturity, eco-design, security as configured.", no_args_is_help=True)
indicator = typer.Typer(help="Indicators that programmes report every six months.", no_args_is_help=True)

_BASE = "/api/assessment"

Checklist = Annotated[str, typer.Argument(help="lordimas, ecodesign or security.")]
Indicator = Annotated[
    str, typer.Argument(help="Its id, as the catalogue writes it: OP4.events, EC: P: EM: 1C.")
]


@checklist.command("list")
@reports_errors
def list_checklists(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """How every checklist stands."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/checklists")["checklists"]
    show(found, form, _draw_checklists)


def _draw_checklists(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            text(one["title"]),
            f"{one['marks']['yes']}/{one['of']}",
            one["marks"]["open"],
            text(one["band"]),
        ]
        for one in found
    ]
    draw(["checklist", "", "yes", "open", "band"], rows)


@checklist.command("show")
@reports_errors
def show_checklist(
    name: Checklist, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Every item of one, with what it rests on. Exit code 1 where its target is not reached."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/checklists/{quote(name, safe='')}")
    show(found, form, _draw_checklist)
    if not found["reached"]:
        raise typer.Exit(1)


def _draw_checklist(found: dict[str, Any]) -> None:
    screen.print(
        f"{text(found['title'])}: {found['share']:.0%}, target {found['target']:.0%}: {text(found['band'])}"
    )
    rows = [[one["id"], one["mark"], one["basis"], text(one["text"])] for one in found["items"]]
    draw(["item", "", "rests on", ""], rows)


@checklist.command("mark")
@reports_errors
def mark(
    name: Checklist,
    item: Annotated[str, typer.Argument(help="An item's id.")],
    answer: Annotated[str, typer.Argument(help="yes, no or n/a.")],
    reason: Annotated[str, typer.Option(help="What the answer rests on.")],
    evidence: Annotated[list[str] | None, typer.Option(help="A link; may be given several times.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Answer an item; that takes the place of what evidence says."""
    body = {"mark": answer, "reason": reason, "evidence": evidence or []}
    path = f"{_BASE}/checklists/{quote(name, safe='')}/items/{quote(item, safe='')}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", path, body)
    show(found, form, _draw_checklist)


@indicator.command("list")
@reports_errors
def list_indicators(
    catalogue: Annotated[str | None, typer.Option(help="ldt4ssc, u4ssc or l1801.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Every indicator: counted, reported or missing."""
    asked = "" if catalogue is None else f"?catalogue={quote(catalogue, safe='')}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/indicators{asked}")
    show(found, form, _draw_indicators)


def _draw_indicators(found: dict[str, Any]) -> None:
    rows = [
        [
            one["id"],
            text(one["title"]),
            _figure(one["value"]),
            one["unit"],
            _figure(one["target"]),
            one["basis"],
        ]
        for one in found["indicators"]
    ]
    draw(["indicator", "", "value", "unit", "target", "rests on"], rows)


def _figure(value: float | None) -> str:
    return "" if value is None else cell(value)


@indicator.command("report")
@reports_errors
def report(
    name: Indicator,
    value: Annotated[float, typer.Argument(help="The value, in the indicator's unit.")],
    period: Annotated[str, typer.Option(help="What time it is of: 2026, 2026-01/2026-06.")],
    source: Annotated[str, typer.Option(help="Where it is from.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Report a value that the twin cannot count."""
    body = {"value": value, "period": period, "source": source}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", f"{_BASE}/indicators/{quote(name, safe='')}", body)
    show(found, form, _draw_indicators)
