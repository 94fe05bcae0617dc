"""The short way to a broker takes flags as typer does, and leaves to it what needs a word."""

from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sympolis.cli.broker import flags_of
from sympolis.cli.options import takes
from sympolis.settings import Settings

GIVEN = {
    "city": [],
    "data": ["--data", "/srv/data"],
    "refresh": ["--refresh"],
    "allow_loopback": ["--no-allow-loopback"],
    "hosts": ["--hosts=a.example,b.example"],
    "port": ["--port", "0"],
    "context_timeout_s": ["--context-timeout-s=2"],
}
"""How a flag is given, by its setting; the others are given their defaults."""


def by_typer(arguments):
    found = {}

    @takes(leaving_out=("city",))
    def broker(**flags):
        found.update({name: value for name, value in flags.items() if value is not None})

    app = typer.Typer()
    app.command()(broker)
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return found


def arguments_of(setting):
    if setting.name in GIVEN or isinstance(setting.default, bool):
        return GIVEN.get(setting.name, [])
    default = setting.default
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    return [f"--{setting.name.replace('_', '-')}", text]


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda one: one.name)
def test_each_flag_as_by_typer(setting):
    arguments = arguments_of(setting)
    assert flags_of(arguments) == by_typer(arguments)


def test_all_flags_together():
    every = [argument for setting in fields(Settings) for argument in arguments_of(setting)]
    found = flags_of(every)
    assert found == by_typer(every)
    assert found is not None
    assert found["data"] == Path("/srv/data")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--port"],
        ["--port", "x"],
        ["--port", "--data"],
        ["--no-port", "1"],
        ["--refresh=yes"],
        ["--city", "bologna"],
        ["--nonsense", "1"],
        ["now"],
        ["--"],
        ["-p", "1"],
    ],
    ids=" ".join,
)
def test_what_is_left_to_typer(arguments):
    assert flags_of(arguments) is None
