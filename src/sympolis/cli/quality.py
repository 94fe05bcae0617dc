"""`sympolis quality`: how good the data are, what is odd in the series, and whom the data leave out."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, show, text

app = typer.Typer(help="Quality: figures and badges, anomalies, fairness.", no_args_is_help=True)

Dataset = Annotated[str, typer.Argument(help="A dataset's id; `all` for every one.")]


@app.command()
@reports_errors
def report(
    dataset: Dataset = "all",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The badge of each dataset with its reasons. Exit code 1 if one is poor, or its last delivery was refused."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = [twin.get(f"/api/datasets/{quote(name)}/quality") for name in _names(twin, dataset)]
    show(found, form, _draw_report)
    if any(one["badge"]["grade"] == "poor" or one["badge"].get("warning") for one in found):
        raise typer.Exit(NO)


def _names(twin: Client, dataset: str) -> list[str]:
    if dataset != "all":
        return [dataset]
    return [one["id"] for one in twin.get("/api/sources")]


def _draw_report(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["dataset"],
            one["badge"]["grade"],
            one["status"],
            (one["newest"] or {}).get("rows"),
            " ".join(map(text, (*one["badge"]["reasons"], *one["badge"].get("warning", ())))),
        ]
        for one in found
    ]
    draw(["dataset", "quality", "state", "rows", "why"], rows)


@app.command()
@reports_errors
def anomalies(
    dataset: Annotated[str, typer.Argument(help="A dataset's id.")],
    attribute: Annotated[str | None, typer.Option(help="The observed attribute; else the first.")] = None,
    kind: Annotated[str | None, typer.Option(help="gap, flat, outlier, jump or drift.")] = None,
    city: City = None,
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Events to show.")] = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """What is odd in the series, each with its reason. Exit code 1 if anything is."""
    asked = {"attribute": attribute, "kind": kind, "limit": limit}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/datasets/{quote(dataset)}/anomalies?{query}")
    show(found, form, _draw_anomalies)
    if found["total"]:
        raise typer.Exit(NO)


def _draw_anomalies(found: dict[str, Any]) -> None:
    rows = [
        [one["kind"], one["feature"].rpartition(":")[2], one["start"], one["points"], text(one["reason"])]
        for one in found["events"]
    ]
    title = f"{found['total']} events in {found['values']} values of {found['sensors']} sensors"
    draw(["kind", "sensor", "from", "values", "why"], rows, title=title)


@app.command()
@reports_errors
def fairness(
    subject: Annotated[str, typer.Argument(help="A dataset's id, or `model:` and a model's.")],
    radius: Annotated[
        int, typer.Option(min=50, max=20_000, help="Metres within which residents count as reached.")
    ] = 1000,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Whom the data leave out. Exit code 1 if a group is, or may be, under-represented."""
    model = subject.removeprefix("model:")
    path = f"/api/datasets/{quote(subject)}" if model == subject else f"/api/models/{quote(model)}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{path}/fairness?radius={radius}")
    show(found, form, _draw_fairness)
    if found["flagged"]:
        raise typer.Exit(NO)


def _draw_fairness(found: dict[str, Any]) -> None:
    for one in found.get("inputs", [found]):
        rows = [
            [
                group["id"],
                group["residents"],
                f"{group['value']:.3g} ({group['low']:.3g}–{group['high']:.3g})",
                "" if group["ratio"] is None else f"{group['ratio']:.2f}",
                group["verdict"],
            ]
            for group in one["groups"]
        ]
        unit = "per 1,000 residents" if one["measure"] == "per_1000" else "share reached"
        draw(["group", "residents", unit, "against all", "verdict"], rows, title=one.get("type") or "")
