"""`sympolis dashboard`: the city's figures with their doubt, and what others publish for the same."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show, text, unit_text

app = typer.Typer(help="Dashboards: list, show, compare with other places.", no_args_is_help=True)
Dashboard = Annotated[str, typer.Argument(help="A dashboard's id.")]
Day = Annotated[str | None, typer.Option("--date", help="The key date, e.g. 2024-12-31.")]


@app.command("list")
@reports_errors
def list_dashboards(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every dashboard and the question it answers."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/dashboards")["dashboards"]
    show(found, form, lambda rows: draw(["id", "title", "question"], [
        [one["id"], text(one["title"]), text(one["question"])] for one in rows
    ]))  # fmt: skip


@app.command("show")
@reports_errors
def show_dashboard(
    dashboard: Dashboard,
    day: Day = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Its figures: value, interval, official figure, difference."""
    asked = f"?date={quote(day)}" if day else ""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/dashboards/{quote(dashboard)}{asked}")
    show(found, form, _draw_figures)


@app.command()
@reports_errors
def peers(
    dashboard: Dashboard,
    keys: Annotated[list[str] | None, typer.Argument(help="Official codes to compare with.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The city's rank among all others, and beside those named."""
    asked = f"?keys={quote(','.join(keys))}" if keys else ""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/dashboards/{quote(dashboard)}/peers{asked}")
    show(found, form, _draw_peers)


def _draw_figures(found: dict[str, Any]) -> None:
    heads = [f"{text(found['title'])}, {found['key_date']}", "value", "interval", "unit"]
    figures = found["figures"]
    official = any(one["official"] for one in figures)
    limits = any(one["limits"] for one in figures)
    heads += [*(["official", "difference"] if official else []), *(["limits"] if limits else [])]
    draw(heads, [
        [
            *_told(one),
            *(_published(one) if official else []),
            *([_limits(one)] if limits else []),
        ]
        for one in figures
    ])  # fmt: skip
    draw(["findings"], [[text(one["text"])] for one in found["findings"]])


def _told(one: dict[str, Any]) -> list[str | None]:
    return [text(one["title"]), _number(one["value"], one), _interval(one), unit_text(one["unit"])]


def _published(one: dict[str, Any]) -> list[str | None]:
    official = one["official"]
    return [None if official is None else _number(official["value"], one), _percent(official)]


def _limits(one: dict[str, Any]) -> str | None:
    """Such as ``within 40, above 20 (2030)``; the year where a limit is still to come into force."""
    words = {True: "above ", False: "within ", None: ""}
    return ", ".join(
        f"{words[limit['exceeded']]}{limit['value']:g}"
        + (f" ({limit['since'][:4]})" if limit["since"] else "")
        for limit in one["limits"]
    )


def _draw_peers(found: dict[str, Any]) -> None:
    heads = ["place", *(f"{text(one['title'])} [{one['unit']}]" for one in found["fields"])]
    rows = [
        [
            place["name"] or place["code"],
            *(_ranked(one["values"][i], one["count"]) for one in found["fields"]),
        ]
        for i, place in enumerate(found["places"])
    ]
    draw(heads, rows)


def _percent(official: dict[str, Any] | None) -> str | None:
    found = None if official is None else official["difference_percent"]
    return None if found is None else f"{found:+.1f} %"


def _ranked(value: dict[str, Any], count: int) -> str | None:
    return None if value["value"] is None else f"{value['value']:.1f} ({value['rank']} of {count})"


def _number(value: float | None, one: dict[str, Any]) -> str | None:
    return None if value is None else f"{value:,.{one['decimals']}f}"


def _interval(one: dict[str, Any]) -> str | None:
    found = one["interval"]
    return None if found is None else f"{_number(found['low'], one)} – {_number(found['high'], one)}"
