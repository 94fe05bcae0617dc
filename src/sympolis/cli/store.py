"""`sympolis store`: what an operator does to a store now and then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sympolis import app as application
from sympolis import settings
from sympolis.app import keeping
from sympolis.cli.options import City, Data, Store
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show
from sympolis.domain import errors

app = typer.Typer(help="Stores: archive history, finish an upgrade.", no_args_is_help=True)


@app.command("archive-history")
@reports_errors
def archive_history(
    before: Annotated[
        str,
        typer.Option("--before", metavar="YYYY-MM", help="Archive every month that ended before this one."),
    ],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Move old months of an embedded store's history into Parquet files; a server does so by itself every hour.

    For a store that no server has open. Queries see both alike.
    """
    chosen = settings.read({"city": city, "data": data})
    found = application.run(keeping.archive_history(chosen, _month(before), city_named=city is not None))
    show(found, form, _draw)


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as problem:
        raise errors.InvalidRequest("expected a month like 2024-05", where="--before") from problem


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [[one["tenant"] or "(default)", ", ".join(one["months"]), one["points"]] for one in found]
    draw(["tenant", "months", "points"], rows)


@app.command("finish-upgrade")
@reports_errors
def finish_upgrade(store: Store = None, form: FormatOption = Format.TABLE) -> None:
    """Clean a PostgreSQL database up after an upgrade: only once no process of the older version is at work."""
    chosen = settings.read({"store": store})
    count = application.run(keeping.finish_upgrade(chosen))
    show({"scripts": count}, form, lambda found: draw(["scripts run"], [[found["scripts"]]]))
