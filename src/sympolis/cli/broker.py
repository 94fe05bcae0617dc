"""`sympolis broker` on its shortest way: typer, rich and what they bring take longer to load than a broker to open.

Service managers and tests start it again and again with flags that are right. Where help is wanted or something is
wrong with a flag, typer has its say; where something is wrong with the start, so has the table of errors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import Field, fields
from typing import Any, Final

from sympolis import app, settings

_LEFT_OUT: Final = ("city",)


def flags_of(arguments: Iterable[str]) -> dict[str, Any] | None:
    """The settings that these arguments give; None where there is more to say about them than to take them."""
    known = {
        one.name.replace("_", "-"): one for one in fields(settings.Settings) if one.name not in _LEFT_OUT
    }
    found: dict[str, Any] = {}
    left = iter(arguments)
    try:
        for argument in left:
            setting, value = _read(argument, left, known)
            found[setting] = value
    except (LookupError, ValueError, StopIteration):
        return None
    return found


def _read(argument: str, left: Iterator[str], known: dict[str, Field[Any]]) -> tuple[str, Any]:
    """A setting and its value. Raises ``LookupError``, ``ValueError`` or ``StopIteration`` for what is unusual."""
    if not argument.startswith("--"):
        raise ValueError(argument)
    name, given, value = argument[2:].partition("=")
    setting = known[name] if name in known else known[name.removeprefix("no-")]
    kind: Any = type(setting.default)
    if kind is bool and not given:
        return setting.name, name in known
    if kind is bool or name not in known:
        raise ValueError(argument)
    if not given:
        value = next(left)
        if value.startswith("-"):
            raise ValueError(argument)
    return setting.name, value if kind is tuple else kind(value)


def start(flags: dict[str, Any]) -> None:
    """Run a broker until it is told to stop; leaves with the exit code of what goes wrong."""
    try:
        app.run(alone(settings.read(flags)))
    except (Exception, KeyboardInterrupt) as problem:
        from sympolis.cli.output import leave

        leave(problem)


async def alone(chosen: settings.Settings) -> None:
    """The broker with these settings, from ``ready`` until it is told to stop."""
    async with app.serving(chosen, app.open_broker) as served:
        announce(served.address)
        await served.stopped.wait()


def announce(address: str) -> None:
    """Say that requests are accepted: whoever started the server reads this line."""
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()
