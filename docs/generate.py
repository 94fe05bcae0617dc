"""Write the generated reference pages: `python -m docs.generate` (or `make docs`).

A test fails when a page is stale, so the reference cannot drift from the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import typer
from typer.main import get_command

from docs import conformance_page, connector_reference, model_reference, package_reference
from sympolis import settings
from sympolis.cli.verbs import app
from sympolis.governance.roles.table import Role, default_table

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs`; edit the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Every generated page by its path below docs/."""
    return {
        "conformance.md": NOTE + conformance_page.page(),
        "reference/city-package.md": NOTE + package_reference.page(),
        "reference/cli.md": cli_page(),
        "reference/roles.md": roles_page(),
        "reference/connectors.md": NOTE + connector_reference.page(),
        "reference/models.md": NOTE + model_reference.page(),
        "reference/settings.md": settings_page(),
    }


def roles_page() -> str:
    """What each role may do, and what each right means."""
    table = default_table()
    head = (
        "# Roles and rights\n\nWho may do what where identity is required ([how to](../howto/sign-in-and-roles.md)). "
        "A city alters roles in `policies/roles.toml` of its package. Everybody has the rights of `anyone`.\n\n"
    )
    roles = "".join(
        f"| `{one.name}` | {one.title['en']} | {one.description} | {_quoted(one.rights)} | {_bounded(one)} |\n"
        for one in table.roles.values()
    )
    rights = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in table.rights.items())
    return (
        f"{NOTE}{head}| role | title | | rights | may have computed |\n|---|---|---|---|---|\n{roles}\n"
        f"`*` stands for all rights. "
        f"Which right an operation needs stands with it in `/docs`.\n\n| right | meaning |\n|---|---|\n{rights}"
    )


def _bounded(role: Role) -> str:
    """A role's quota in words; empty where it says none."""
    quota, words = role.quota, []
    if quota.runs is not None:
        words.append(f"{quota.runs} at once")
    if quota.cpu_s_per_day is not None:
        words.append(f"{quota.cpu_s_per_day:,.0f} CPU-s a day")
    if quota.priority:
        words.append(f"priority {quota.priority} (0 first)")
    return ", ".join(words)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


def cli_page() -> str:
    """Every command with its arguments and options."""
    head = (
        "# Command line\n\nExit codes: 0 done · 1 the answer is no (a check failed, an override was refused) · "
        "2 wrong usage · 3 could not be done (reason on stderr).\nA command acts on the server that holds the data "
        "folder, if one runs; else it opens the twin itself.\n\n"
    )
    return NOTE + head + "\n".join(_commands(get_command(app), "sympolis")) + "\n"


def _commands(command: object, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children:
        for name, child in sorted(children.items()):
            yield from _commands(child, f"{path} {name}")
        return
    yield f"## `{path}`\n\n{_sentence(getattr(command, 'help', ''))}\n"
    rows = [row for parameter in command.params if (row := _parameter(parameter))]  # type: ignore[attr-defined]
    if rows:
        yield "| argument or option | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _parameter(parameter: object) -> str | None:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))  # type: ignore[attr-defined]
    if "--help" in names:
        return None
    shown = getattr(parameter, "show_default", None)
    default = shown if isinstance(shown, str) else parameter.default  # type: ignore[attr-defined]
    if parameter.param_type_name == "argument":  # type: ignore[attr-defined]
        names = f"`{(parameter.metavar or parameter.name).upper()}`"  # type: ignore[attr-defined]
    value = "" if default is None or default is ... else f"`{getattr(default, 'value', default)}`"
    return f"| {names} | {value} | {_sentence(getattr(parameter, 'help', ''))} |"


def _sentence(words: str | None) -> str:
    return " ".join((words or "").split()).replace("|", "\\|")


def settings_page() -> str:
    """Every setting with its variable and default."""
    meanings = settings.meanings()
    rows = [
        f"| `{one.name}` | `{settings.PREFIX}{one.name.upper()}` | {_default(one.default)} | "
        f"{_sentence(meanings[one.name])} |"
        for one in fields(settings.Settings)
    ]
    head = (
        "# Settings\n\nEach is a flag of `serve` and `broker` too (`log_level`: `--log-level`). Flags "
        "win over the environment, the environment over `sympolis.toml` (or the file that `SYMPOLIS_CONFIG` names), "
        "the file over the defaults. An unknown name is an error. Several values stand in a list in the file, with "
        "commas between them elsewhere.\n\n"
    )
    table = "| in sympolis.toml | environment | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows)
    return f"{NOTE}{head}{table}\n"


def _default(value: object) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return "" if value in ("", ()) else f"`{shown}`"


def write(*names: str) -> None:
    """Write these pages."""
    found = pages()
    for name in names:
        (DOCS / name).write_text(found[name], encoding="utf-8")
        typer.echo(f"wrote docs/{name}")


def main() -> None:
    """Write every page."""
    write(*pages())


if __name__ == "__main__":
    main()
