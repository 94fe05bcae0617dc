"""`sympolis demo`, `serve` and `broker`: a twin that answers in the browser, or its broker alone."""

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
    async with app.serving(chosen, app.open_twin) as twin:
        screen.print(
            f"[bold]{text(twin.city.facts.title)}[/] at [link={twin.address}]{twin.address}[/]  (stop with Ctrl-C)"
        )
        start = asyncio.create_task(_first_start(twin))
        stop = asyncio.create_task(twin.stopped.wait())
        await asyncio.wait([start, stop], return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            _say_ready(twin, open_browser=open_browser)
            await stop
        else:
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)


async def _first_start(twin: app.Twin) -> None:
    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=notes,
    ) as bars:  # fmt: skip
        bar = bars.add_task("starting", total=1.0)
        await twin.first_start(lambda share, words: bars.update(bar, completed=share, description=words))
        bars.update(bar, completed=1.0, description="ready")


def _say_ready(twin: app.Twin, *, open_browser: bool) -> None:
    _announce(twin.address)
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
    async with app.serving(chosen, app.open_twin) as twin:
        _announce(twin.address)
        work = asyncio.create_task(twin.first_start()) if ingest else None
        await twin.stopped.wait()
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


@reports_errors
def broker(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    store: Store = None,
    allow_loopback: AllowLoopback = None,
) -> None:
    """Serve the context broker alone, without a city; prints `ready http://HOST:PORT` when it accepts requests."""
    flags = {"host": host, "port": port, "data": data, "store": store, "allow_loopback": allow_loopback}
    app.run(_broker(settings.read(flags)))


async def _broker(chosen: settings.Settings) -> None:
    async with app.serving(chosen, app.open_broker) as served:
        _announce(served.address)
        await served.stopped.wait()


def _announce(address: str) -> None:
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()
