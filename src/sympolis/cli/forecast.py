"""`sympolis forecast`: what comes next, how sure that is, and how good such forecasts were."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, notes, reports_errors, show, text
from sympolis.domain import errors

app = typer.Typer(help="Forecasts: list, run, evaluate.", no_args_is_help=True)

_POLL_S = 0.5
Forecast = Annotated[str, typer.Argument(help="A forecast's id.")]


@app.command("list")
@reports_errors
def list_forecasts(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every forecast: how many series of it are published, how many withheld."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/forecasts")
    show(found, form, _draw_list)


@app.command()
@reports_errors
def run(forecast: Forecast, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Work a forecast out, unless it stands for the present data, and show it."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = worked_out(twin, forecast)
    show(found, form, _draw_values)


@app.command()
@reports_errors
def evaluate(
    forecast: Forecast, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """How a forecast did on days it had not seen; exit code 1 where no series of it is published."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = worked_out(twin, forecast)
    show(found, form, draw_evaluation)
    if not found["published"]:
        raise typer.Exit(1)


def worked_out(twin: Client, forecast: str) -> dict[str, Any]:
    """The forecast for the present data, after as long as it takes. Raises ``ModelFailed``."""
    path = f"/api/forecasts/{quote(forecast)}"
    found = twin.post(f"{path}/runs", {})
    with notes.status(f"forecast {forecast}"):
        while found["state"] == "working":
            time.sleep(_POLL_S)
            found = twin.get(path)
    if found["state"] == "failed":
        raise errors.ModelFailed(found["problem"], where=f"forecast {forecast}")
    whole: dict[str, Any] = twin.get(path)
    return whole


def _draw_list(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            text(one["title"]),
            one["state"],
            one.get("origin"),
            one.get("published"),
            one.get("withheld"),
        ]
        for one in found
    ]
    draw(["id", "title", "state", "from", "published", "withheld"], rows)


def _draw_values(found: dict[str, Any]) -> None:
    rows = []
    for one in found["series"]:
        values = one["values"]
        first = (
            "–"
            if values is None
            else f"{values['middle'][0]:.4g} ({values['low'][0]:.4g}–{values['high'][0]:.4g})"
        )
        rows.append([_local(one), one["state"], first, _reason(one)])
    draw(["series", "state", f"first step from {found['origin']} [{found['unit']}]", "reason"], rows)


def draw_evaluation(found: dict[str, Any]) -> None:
    """A row for each series, as in the model card."""
    rows = []
    for one in found["series"]:
        figures = one["figures"]
        cells = [_figure(figures[name], digits) for name, digits in _COLUMNS]
        rows.append([_local(one), one["state"], figures["n"], *cells, _reason(one)])
    unit = found["unit"]
    heads = [f"MAE [{unit}]", f"naive [{unit}]", "skill", "coverage", f"width [{unit}]"]
    draw(["series", "state", "n", *heads, "reason"], rows)


_COLUMNS = (("mae", 2), ("naive_mae", 2), ("skill", 3), ("coverage", 3), ("width", 1))


def _figure(value: float | None, digits: int) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _local(one: dict[str, Any]) -> str:
    return str(one["feature"]).rpartition(":")[2]


def _reason(one: dict[str, Any]) -> str:
    return " ".join(text(reason["text"]) for reason in one["reasons"])
