"""`sympolis city`: check a city package, and derive its samples from the data it was made from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sympolis.city import check as checking
from sympolis.city import package, samples
from sympolis.cli.output import NO, Format, FormatOption, draw, notes, reports_errors, screen, show

app = typer.Typer(help="City packages: check, build samples.", no_args_is_help=True)

CityArgument = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="A city's name or the folder of its package.")
]


@app.command()
@reports_errors
def check(city: CityArgument, form: FormatOption = Format.TABLE) -> None:
    """Find every mistake in a city package. Exit code 1 if there is one."""
    found = [asdict(one) for one in checking.check(package.locate(city))]
    show(found, form, _draw_findings)
    if found:
        raise typer.Exit(NO)


def _draw_findings(found: list[dict[str, Any]]) -> None:
    if not found:
        screen.print("[green]✓[/] nothing to mend")
        return
    for one in found:
        notes.print(" — ".join(str(value) for value in one.values() if value), markup=False, soft_wrap=True)


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
