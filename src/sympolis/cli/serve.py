"""`sympolis demo`, `serve` and `broker`: a twin that answers in the browser, or its broker alone."""

from __future__ import annotations

import asyncio
import socket
import sys
import webbrowser
from typing import Annotated, Any

import typer

from sympolis import app, settings
from sympolis.cli.broker import alone, announce
from sympolis.cli.options import takes
from sympolis.cli.output import notes, reports_errors, screen, text


@takes(leaving_out=("city",))
@reports_errors
def demo(
    city: Annotated[
        str, typer.Argument(metavar="CITY", help="A city package's name, or federation.")
    ] = settings.FIRST_CITY,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the twin in a browser when it is ready.")
    ] = True,
    **flags: Any,
) -> None:
    """Start a city's twin from its samples: ingest, calibrate, run the baseline, show it on a map.

    `federation` starts several cities side by side that are partners of each other.
    """
    if city == "federation":
        from sympolis.cli import federation_demo

        federation_demo.start(flags, open_browser=open_browser)
        return
    usual = {"forecasts": True, "port": free_port(settings.Settings().port)}
    chosen = settings.read({"city": city, **flags}, defaults=usual)
    app.run(_demo(chosen, open_browser=open_browser))


_PORTS_TRIED = 20


def free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens on, so that demos of two cities run side by side.

    Where none is free it is ``first``: starting to serve then says what is wrong.
    """
    for port in range(first, first + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return first


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
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=notes,
    ) as bars:  # fmt: skip
        bar = bars.add_task("starting", total=1.0)
        await twin.first_start(lambda share, words: bars.update(bar, completed=share, description=words))
        bars.update(bar, completed=1.0, description="ready")


def _say_ready(twin: app.Twin, *, open_browser: bool) -> None:
    announce(twin.address)
    if open_browser and sys.stdout.isatty():
        webbrowser.open(twin.address)


@takes()
@reports_errors
def serve(
    ingest: Annotated[
        bool,
        typer.Option(
            "--ingest/--no-ingest", help="Ingest the package's sources and run the baseline after the start."
        ),
    ] = True,
    **flags: Any,
) -> None:
    """Serve a twin; prints `ready http://HOST:PORT` when it accepts requests, stops cleanly on SIGTERM."""
    app.run(_serve(settings.read(flags), ingest=ingest))


async def _serve(chosen: settings.Settings, *, ingest: bool) -> None:
    async with app.serving(chosen, app.open_twin) as twin:
        announce(twin.address)
        work = asyncio.create_task(twin.first_start()) if ingest else None
        await twin.stopped.wait()
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


@takes(leaving_out=("city",))
@reports_errors
def broker(**flags: Any) -> None:
    """Serve the context broker alone, without a city; prints `ready http://HOST:PORT` when it accepts requests."""
    app.run(alone(settings.read(flags)))


broker_alone = typer.Typer(name="sympolis", pretty_exceptions_enable=False)
"""The command with this one verb."""
broker_alone.callback()(lambda: None)
broker_alone.command("broker")(broker)
