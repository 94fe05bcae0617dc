"""Options that several commands share; each is also a `SYMPOLIS_*` variable and a line of sympolis.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

City = Annotated[
    str | None,
    typer.Option(
        "--city", metavar="NAME|PATH", help="City package: a name or a folder.", show_default="bologna"
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder that keeps the twin.", show_default=".sympolis"),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="KIND", help="embedded, memory or postgresql://…", show_default="embedded"
    ),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to bind.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option("--port", help="Port; 0 takes any free one.", show_default="8400")]
