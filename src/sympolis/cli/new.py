"""`sympolis new`: write something that works at once, to be made one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sympolis.city import package, service_scaffold
from sympolis.cli.output import Format, FormatOption, reports_errors, screen, show
from sympolis.plugins import scaffold
from sympolis.settings import FIRST_CITY

app = typer.Typer(help="Begin a simulator, a connector or a service.", no_args_is_help=True)


@app.command()
@reports_errors
def simulator(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and underscores.")],
    about: Annotated[str, typer.Option(help="Entity type that its results refer to.")] = "RoadSegment",
    into: Annotated[Path | None, typer.Option(help="Folder to make.", show_default="./NAME")] = None,
    title: Annotated[str, typer.Option(help="Its title in English.", show_default="the name")] = "",
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a model that passes the contract suite of simulators."""
    _written(scaffold.simulator(into or Path(name), name, about=about, title=title), form)


@app.command()
@reports_errors
def connector(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and underscores.")],
    into: Annotated[Path | None, typer.Option(help="Folder to make.", show_default="./NAME")] = None,
    title: Annotated[str, typer.Option(help="Its title in English.", show_default="the name")] = "",
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a connector that passes the contract suite of connectors."""
    _written(scaffold.connector(into or Path(name), name, title=title), form)


@app.command()
@reports_errors
def service(
    name: Annotated[str, typer.Argument(help="Its id: small letters, digits and hyphens.")],
    model: Annotated[str, typer.Option(help="The model that answers it.")],
    city: Annotated[str, typer.Option(metavar="NAME|PATH", help="The city that asks it.")] = FIRST_CITY,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a service of a city from what its model declares."""
    _written([service_scaffold.new(package.locate(city), name, model=model)], form)


def _written(paths: list[Path], form: Format) -> None:
    show([str(path) for path in paths], form, lambda found: screen.print("\n".join(found), markup=False))
