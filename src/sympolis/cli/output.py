"""How commands speak: tables for people, JSON for programs, errors that say what to do, exit codes with a meaning."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from sympolis.domain import errors
from sympolis.domain.unit_words import unit_in_words

DONE, NO, USAGE, FAILED = 0, 1, 2, 3

_EXIT_CODES: tuple[tuple[type[errors.SympolisError], int], ...] = (
    (errors.OverrideRefused, NO),
    (errors.CityPackageInvalid, NO),
    (errors.InvalidRequest, USAGE),
    (errors.SettingsInvalid, USAGE),
    (errors.SympolisError, FAILED),
)
"""The one table from errors to exit codes; the first class that fits counts."""

P = ParamSpec("P")
R = TypeVar("R")


class Format(StrEnum):
    """``table`` is for people, ``json`` for programs."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="table for people, json for programs.")]

_PIPED_WIDTH = 160
"""Columns when nobody's terminal says how wide it is: enough for every table, so that nothing is cut."""


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPED_WIDTH
    return console


screen = _console()
notes = _console(stderr=True)


def exit_code(problem: errors.SympolisError) -> int:
    """The exit code for an error."""
    return next(code for kind, code in _EXIT_CODES if isinstance(problem, kind))


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an error of ours into a sentence on stderr and an exit code."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except errors.SympolisError as problem:
            fail(problem)
        except OSError as problem:
            if problem.filename is None:
                raise  # no folder or file that its user could put right
            fail(_unusable(problem))
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return guarded


def leave(problem: BaseException) -> NoReturn:
    """Tell of a problem as a command does, and end the process; raises what is not for its user."""

    @reports_errors
    def told() -> NoReturn:
        raise problem

    try:
        told()
    except typer.Exit as end:
        sys.exit(end.exit_code)


def _unusable(problem: OSError) -> errors.SympolisError:
    """What to say of a folder or a file that the operating system does not let us use."""
    return errors.SettingsInvalid(
        problem.strerror or str(problem),
        where=str(problem.filename),
        hint="name a folder that this user may read and write",
    )


def fail(problem: errors.SympolisError) -> NoReturn:
    """Say what is wrong and what to do, then leave."""
    place = f"[bold]{_plain(problem.where)}[/]: " if problem.where else ""
    notes.print(f"[red]✗[/] {place}{_plain(problem.message)}", soft_wrap=True)
    if problem.hint:
        notes.print(f"  → {_plain(problem.hint)}", soft_wrap=True)
    raise typer.Exit(exit_code(problem))


def show(value: Any, form: Format, table: Callable[[Any], None]) -> None:
    """Give ``value`` as JSON on stdout, or let ``table`` draw it."""
    if form is Format.JSON:
        json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        table(value)


def draw(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """Draw a table; numbers stand right."""
    table = Table(
        title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for index, name in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    screen.print(table)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr for as long as something is under way; what it gives is told the share done and what of."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # most commands need no bar

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        console=notes, transient=True,
    ) as bars:  # fmt: skip
        bar = bars.add_task(what, total=1.0)
        yield lambda share, text: bars.update(bar, completed=share, description=text)


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return _plain(str(value))


def text(words: Mapping[str, str] | str | None, language: str = "en") -> str:
    """The words in ``language``, else in whatever language there is."""
    if not isinstance(words, Mapping):
        return words or ""
    return words.get(language) or next(iter(words.values()), "")


def unit_text(unit: str) -> str:
    """A unit as people write it, in English as all that the commands say."""
    return unit_in_words(unit, "en")


def _plain(words: str) -> str:
    return words.replace("[", "\\[")
