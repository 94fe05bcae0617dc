"""`sympolis data-model`: what entities of a type look like. (`sympolis model` is about simulators.)"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.domain import errors

app = typer.Typer(help="Data models: list, show, check a file against one.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A data model's name, such as AirQualityObserved.")]
Version = Annotated[str, typer.Option(help="Its version; the newest.")]


def _registry(city: str | None) -> Any:
    from sympolis.city import describing, package

    return describing.registry(package.load(settings.read({"city": city}).city))


@app.command("list")
@reports_errors
def list_models(city: City = None, form: FormatOption = Format.TABLE) -> None:
    """Every data model that the city's twin knows."""
    found = [
        {"name": one.name, "version": one.version, "title": one.title, "type": one.iri}
        for one in _registry(city).all()
    ]
    show(
        found,
        form,
        lambda rows: draw(
            ["name", "version", "title", "type"],
            [[one["name"], one["version"], text(one["title"]), one["type"]] for one in rows],
        ),
    )


@app.command("show")
@reports_errors
def show_model(
    name: Name,
    version: Version = "",
    shape: Annotated[str, typer.Option("--as", help="attributes, schema, shapes or context.")] = "attributes",
    city: City = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """One data model: its attributes, or one of its published forms."""
    from sympolis.governance.datamodels import forms
    from sympolis.governance.datamodels.model import expected

    model = _registry(city).get(name, version)
    address = f"/api/data-models/{quote(model.name)}/{model.version}"
    if shape == "shapes":
        screen.print(
            forms.shapes(model, f"{address}/shapes.ttl"), markup=False, highlight=False, soft_wrap=True
        )
    elif shape in ("schema", "context"):
        found = (
            forms.context(model) if shape == "context" else forms.json_schema(model, f"{address}/schema.json")
        )
        screen.print(
            json.dumps(found, ensure_ascii=False, indent=2), markup=False, highlight=False, soft_wrap=True
        )
    elif shape == "attributes":
        rows = [
            {
                "name": key,
                "expected": expected(one),
                "required": one.required,
                "iri": model.attribute_iri(key),
            }
            for key, one in model.attributes.items()
        ]
        show(rows, form, lambda found: draw(list(found[0]), [list(one.values()) for one in found]))
    else:
        raise errors.InvalidRequest(
            f"{shape!r} is no form", where="--as", hint="attributes, schema, shapes or context"
        )


@app.command()
@reports_errors
def check(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Entities as simplified JSON: one, or a list.", exists=True)],
    version: Version = "",
    city: City = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hold entities in a file against a data model. Exit code 1 if one does not conform."""
    import jsonschema_rs

    from sympolis.governance.datamodels.forms import json_schema

    model = _registry(city).get(name, version)
    validator = jsonschema_rs.validator_for(json_schema(model, "urn:schema"))
    found = [
        {
            "entity": one.get("id", index) if isinstance(one, dict) else index,
            "attribute": "/".join(map(str, wrong.instance_path)),
            "message": wrong.message,
        }
        for index, one in enumerate(_entities(file))
        for wrong in validator.iter_errors(one)
    ]
    show(found, form, _draw_findings)
    if found:
        raise typer.Exit(NO)


@app.command()
@reports_errors
def mediations(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """In which other words each dataset can be had."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/mediations")
    show(
        found,
        form,
        lambda rows: draw(
            ["mediation", "title", "datasets"],
            [[one["id"], text(one["title"]), len(one["datasets"])] for one in rows],
        ),
    )


@app.command()
@reports_errors
def translate(
    dataset: Annotated[str, typer.Argument(help="A dataset's id.")],
    mediation: Annotated[str, typer.Argument(help="A mediation's id, such as sosa.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Entities to take.")] = 20,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """A dataset in the words of another model, and what is lost on the way."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/datasets/{quote(dataset)}/as/{quote(mediation)}?limit={limit}")
    show(found, form, _draw_translated)


def _draw_translated(found: dict[str, Any]) -> None:
    screen.print_json(json.dumps(found["results"], ensure_ascii=False))
    draw(["lost", "why", "entities"], [list(one.values()) for one in found["lost"]])


def _entities(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise errors.InvalidRequest(f"cannot be read as JSON: {problem}", where=str(file)) from problem
    return found if isinstance(found, list) else [found]


def _draw_findings(found: list[dict[str, Any]]) -> None:
    if not found:
        screen.print("[green]✓[/] conforms")
        return
    draw(["entity", "attribute", "message"], [list(one.values()) for one in found])
