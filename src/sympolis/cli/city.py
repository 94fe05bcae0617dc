"""`sympolis city`: check a city package, and derive its samples from the data it was made from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sympolis.city import check as checking
from sympolis.city import package, samples, scaffold
from sympolis.cli.output import NO, Format, FormatOption, draw, notes, reports_errors, screen, show
from sympolis.domain import errors

app = typer.Typer(help="City packages: begin one, check it, build its samples.", no_args_is_help=True)

CityArgument = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="A city's name or the folder of its package.")
]


@app.command()
@reports_errors
def check(city: CityArgument, form: FormatOption = Format.TABLE) -> None:
    """Find every mistake in a city package. Exit code 1 if there is one; a warning alone is none."""
    found = [asdict(one) for one in checking.check(package.locate(city))]
    show(found, form, _draw_findings)
    if any(one["error"] for one in found):
        raise typer.Exit(NO)


def _draw_findings(found: list[dict[str, Any]]) -> None:
    if not found:
        screen.print("[green]✓[/] nothing to mend")
        return
    for one in found:
        words = [one["where"], one["message"] if one["error"] else f"{one['message']} (warning)", one["hint"]]
        notes.print(" — ".join(word for word in words if word), markup=False, soft_wrap=True)


@app.command()
@reports_errors
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; its name becomes the city's id.")],
    name: Annotated[str, typer.Option(help="The city's name.")],
    bbox: Annotated[str, typer.Option(metavar="W,S,E,N", help="Bounding box in degrees.")],
    country: Annotated[str, typer.Option(help="Two-letter code.")] = "IT",
    timezone: Annotated[str, typer.Option(help="IANA name.")] = "Europe/Rome",
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a city package that passes the check, to be filled in."""
    made = scaffold.new(folder, name=name, bbox=_bbox(bbox), country=country, timezone=timezone)
    show([str(path) for path in made], form, lambda paths: screen.print("\n".join(paths), markup=False))


def _bbox(words: str) -> scaffold.Bbox:
    try:
        west, south, east, north = (float(word) for word in words.split(","))
    except ValueError as cause:
        hint = "for example 11.05,46.0,11.2,46.15"
        raise errors.InvalidRequest(
            f"{words!r} is not west,south,east,north", where="--bbox", hint=hint
        ) from cause
    return west, south, east, north


@app.command("build-samples")
@reports_errors
def build_samples(
    city: CityArgument,
    pack: Annotated[Path, typer.Option("--pack", help="Folder with the source data the pipeline reads.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Run the package's own pipeline: derive the compact tables under samples/ from the source data."""
    found = samples.build(package.locate(city), pack)
    show(
        [asdict(one) for one in found],
        form,
        lambda rows: draw(list(rows[0]), [list(row.values()) for row in rows]),
    )
