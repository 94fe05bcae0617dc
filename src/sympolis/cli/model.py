"""`sympolis model`: what can be computed here, and how far it may be believed."""

from __future__ import annotations

from typing import Any

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, show, text

app = typer.Typer(help="Models and their calibration.", no_args_is_help=True)

_FIGURES = ("r2", "geh_below_5", "ratio", "n")


@app.command("list")
@reports_errors
def list_models(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every model with its version and how it did against observations it had not seen."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/models")
    show(found, form, _draw_models)


def _draw_models(found: list[dict[str, Any]]) -> None:
    rows = []
    for one in found:
        figures = (one.get("calibration") or {}).get("figures", {}).get("held_out", {})
        rows.append(
            [
                one["id"],
                one["version"],
                text(one["title"]),
                one["runs_here"],
                *(_figure(figures.get(name)) for name in _FIGURES),
            ]
        )
    draw(["id", "version", "title", "runs here", "R² held out", "GEH < 5", "sim/obs", "n"], rows)


def _figure(value: float | None) -> str | None:
    return None if value is None else cell(value)
