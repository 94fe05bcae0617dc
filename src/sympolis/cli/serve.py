"""`sympolis demo` and `sympolis serve`: a twin that answers in the browser."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sympolis import app, settings
from sympolis.cli.options import City, Data, Host, Port, Store
from sympolis.cli.output import notes, reports_errors, screen, text

AllowLoopback = Annotated[
    bool | None,
    typer.Option(
        "--allow-loopback/--no-allow-loopback",
        help="Let the twin call addresses on this machine.",
        show_default="no",
    ),
]


@reports_errors
def demo(
    city: Annotated[str, typer.Argument(metavar="CITY", help="A city package's name.")] = "bologna",
    host: Host = None,
    port: Port = None,
    data: Data = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the twin in a browser when it is ready.")
    ] = True,
) -> None:
    """Start a city's twin from its samples: ingest, calibrate, run the baseline, show it on a map."""
    chosen = settings.read({"city": city, "host": host, "port": port, "data": data})
    app.run(_demo(chosen, open_browser=open_browser))


async def _demo(chosen: settings.Settings, *, open_browser: bool) -> None:
    async with app.serving(chosen) as twin:
        screen.print(
            f"[bold]{text(twin.city.facts.title)}[/] at [link={twin.address}]{twin.address}[/]  (stop with Ctrl-C)"
        )
        first_start = asyncio.create_task(_first_start(twin))
        await asyncio.wait(
            [first_start, asyncio.ensure_future(twin.stopped.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        if first_start.done():
            first_start.result()
            _say_ready(twin, open_browser=open_browser)
        else:
            first_start.cancel()
        await twin.stopped.wait()


async def _first_start(twin: app.Twin) -> None:
    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=notes,
    ) as bars:  # fmt: skip
        bar = bars.add_task("starting", total=1.0)
        await twin.first_start(lambda share, words: bars.update(bar, completed=share, description=words))
        bars.update(bar, completed=1.0, description="ready")


def _say_ready(twin: app.Twin, *, open_browser: bool) -> None:
    sys.stdout.write(f"ready {twin.address}\n")
    sys.stdout.flush()
    if open_browser and sys.stdout.isatty():
        webbrowser.open(twin.address)


@reports_errors
def serve(
    city: City = None,
    host: Host = None,
    port: Port = None,
    data: Data = None,
    store: Store = None,
    allow_loopback: AllowLoopback = None,
    ingest: Annotated[
        bool,
        typer.Option(
            "--ingest/--no-ingest", help="Ingest the package's sources and run the baseline after the start."
        ),
    ] = True,
) -> None:
    """Serve a twin; prints `ready http://HOST:PORT` when it accepts requests, stops cleanly on SIGTERM."""
    flags = {
        "city": city,
        "host": host,
        "port": port,
        "data": data,
        "store": store,
        "allow_loopback": allow_loopback,
    }
    app.run(_serve(settings.read(flags), ingest=ingest))


async def _serve(chosen: settings.Settings, *, ingest: bool) -> None:
    async with app.serving(chosen) as twin:
        sys.stdout.write(f"ready {twin.address}\n")
        sys.stdout.flush()
        work = asyncio.create_task(twin.first_start()) if ingest else None
        await twin.stopped.wait()
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
