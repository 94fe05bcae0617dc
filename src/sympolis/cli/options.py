"""Options that commands share; each is also a `SYMPOLIS_*` variable and a line of sympolis.toml.

They are made from ``settings.Settings``, so that a setting cannot exist without its flag.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from sympolis.settings import FIRST_CITY, Settings, meanings

P = ParamSpec("P")
R = TypeVar("R")


def _flag(setting: Field[Any]) -> Any:
    """The option for a setting; None where it is not given, so that environment and file come to their turn."""
    name, kind = setting.name.replace("_", "-"), type(setting.default)
    names = f"--{name}/--no-{name}" if kind is bool else f"--{name}"
    shown = {bool: "yes" if setting.default else "no", tuple: ""}.get(kind, str(setting.default))
    option = typer.Option(
        names,
        metavar=_METAVARS.get(setting.name),
        help=_MEANINGS[setting.name],
        show_default=shown or False,
    )
    return Annotated[(str if kind is tuple else kind) | None, option]


_METAVARS = {
    "city": "NAME|PATH",
    "data": "DIR",
    "store": "KIND",
    "hosts": "NAME,…",
    "public_url": "URL",
    "trusted_proxies": "ADDRESS|NETWORK,…",
    "allow_hosts": "HOST|NETWORK,…",
    "contexts": "URL=FILE,…",
}
_MEANINGS = meanings()
_FLAGS = {one.name: _flag(one) for one in fields(Settings)}

City = Annotated[
    str | None,
    typer.Option(
        "--city", metavar="NAME|PATH", help="City package: a name or a folder.", show_default=FIRST_CITY
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


def takes(*, leaving_out: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a command that takes ``**flags`` an option for every setting, except those left out."""
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=flag)
        for name, flag in _FLAGS.items()
        if name not in leaving_out
    ]

    def with_flags(command: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(command, eval_str=True)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        every = [*(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *added]
        command.__signature__ = signature.replace(parameters=every)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in every}
        return command

    return with_flags
