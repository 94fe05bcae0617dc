"""`sympolis model`: what can be computed here, and how far it may be believed."""

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
    notes,
    progress_bar,
    reports_errors,
    show,
    text,
)
from sympolis.cli.run_shown import seen
from sympolis.domain import errors

app = typer.Typer(help="Models and their calibration.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(help="A model's id.")]
_POLL_S = 0.25
_DRIFTED = "drifted"
_FIGURES = ("r2", "geh_below_5", "ratio")
_HELD_OUT = ("R² held out", "GEH < 5", "sim/obs", "n")
_NOT_ASKED = "not yet asked"


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
        figures = (one["calibration"] or {}).get("figures", {}).get("held_out", {})
        rows.append(
            [
                one["id"],
                one["version"],
                text(one["title"]),
                one["runs_here"],
                *_held_out(figures),
                _fitted(one),
            ]
        )
    draw(["id", "version", "title", "runs here", *_HELD_OUT, "calibrated"], rows)
    if any(_fitted(one) == _NOT_ASKED for one in found):
        notes.print(f"{_NOT_ASKED}: fitted when first asked, or by `sympolis model calibrate MODEL`")


def _fitted(model: dict[str, Any]) -> str | None:
    """When it was fitted; ``_NOT_ASKED`` where it will be, None where there is nothing to fit it to."""
    if model["calibration"] is None:
        return _NOT_ASKED if model["calibratable"] else None
    return str(model["calibration"]["at"])[:10]


def _held_out(figures: dict[str, float]) -> list[str | None]:
    return [*(_figure(figures.get(name)) for name in _FIGURES), _figure(seen(figures))]


@app.command()
@reports_errors
def calibrate(model: Model, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Fit a model to the observations there are now, and show how it does where it did not look."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = _done(twin, model, "calibration")
    show(found["calibrations"][0], form, _draw_calibration)


@app.command()
@reports_errors
def evaluate(model: Model, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Judge a model's calibration on the observations there are now; exit code 1 where it has drifted clearly."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = _done(twin, model, "evaluation")["evaluations"][0]
    show(found, form, _draw_evaluation)
    if found["verdict"] == _DRIFTED:
        raise typer.Exit(1)


@app.command()
@reports_errors
def history(model: Model, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every calibration of a model, newest first, and how each has aged."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/models/{quote(model, safe='')}/calibrations")
    show(found, form, _draw_history)


@app.command()
@reports_errors
def sbom(model: Model, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What a model is made of; `--format json` gives the CycloneDX document itself."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/models/{quote(model, safe='')}/sbom")
    show(found, form, _draw_bill)


def _draw_bill(found: dict[str, Any]) -> None:
    own = found["metadata"]["component"]
    rows = [
        [one["type"], one["name"], one.get("version"),
         ", ".join(said["license"]["name"] for said in one.get("licenses", [])) or None,
         one["hashes"][0]["content"][:12] if one.get("hashes") else None]
        for one in (own, *found["components"])
    ]  # fmt: skip
    draw(["kind", "name", "version", "licence", "SHA-256"], rows, title=f"{own['name']} {own['version']}")


def _done(twin: Client, model: str, kind: str) -> dict[str, Any]:
    """Start a job of a model and wait for its end; the history with its result. Raises what made it fail."""
    place = f"/api/models/{quote(model, safe='')}"
    twin.post(f"{place}/{kind}")
    with progress_bar(kind) as tell:
        while True:
            found: dict[str, Any] = twin.get(f"{place}/calibrations")
            job = found["job"]
            if job["status"] != "running":
                break
            tell(job["progress"]["share"], kind)
            time.sleep(_POLL_S)
    if job["status"] != "done":
        problem = job.get("error") or {}
        detail = problem.get("detail", f"the {kind} was {job['status']}")
        raise errors.ModelFailed(detail, where=model, hint=problem.get("hint", ""))
    return found


def _draw_calibration(found: dict[str, Any]) -> None:
    names = sorted({name for figures in found["figures"].values() for name in figures})
    rows = [
        [split, *(_figure(figures.get(name)) for name in names)]
        for split, figures in found["figures"].items()
    ]
    draw(["split", *names], rows, title=f"{found['id']} · {found['at']} · {cell(found['cost_cpu_s'])} CPU-s")


def _draw_evaluation(found: dict[str, Any]) -> None:
    how = "fitted anew" if found["refitted"] else "as it was fitted"
    rows = [[name, cell(value), _figure(found["lost"].get(name))] for name, value in found["figures"].items()]
    draw(["figure", "now", "lost"], rows, title=f"{found['calibration']}, {how}: {found['verdict']}")


def _draw_history(found: dict[str, Any]) -> None:
    rows = [
        [one["id"], one["at"], *_held_out(one["figures"].get("held_out", {})),
         (one["drift"] or {}).get("verdict"), "standing" if one["id"] == found["standing"] else ""]
        for one in found["calibrations"]
    ]  # fmt: skip
    draw(["id", "at", *_HELD_OUT, "drift", ""], rows)


def _figure(value: float | None) -> str | None:
    return None if value is None else cell(value)
