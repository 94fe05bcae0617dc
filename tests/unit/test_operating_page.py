"""What "Operating the broker" tells people to type, set and watch exists."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.cli.verbs import app
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.settings import Settings
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "operate-the-broker.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^sympolis .*$", PAGE, re.MULTILINE) + re.findall(r"`(sympolis [^`]*)`", PAGE)


def find(words: list[str]) -> tuple[Any, list[str]]:
    """The command that these words name, and what is left of them."""
    command: Any = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    return command, words


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_can_be_typed(line: str) -> None:
    command, words = find(shlex.split(line)[1:])
    assert not getattr(command, "commands", None), "this names no command"
    known = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    options = [word for word in words if word.startswith("--")]
    assert set(options) <= set(known)
    arguments = [one for one in command.params if one.param_type_name == "argument" and one.required]
    plain = len(words) - len(options) - sum(not known[one].is_flag for one in options)
    assert plain in (0, len(arguments)) if line.endswith("`") else plain >= len(arguments)


def test_settings_exist() -> None:
    names = {one.name for one in fields(Settings)}
    [block] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert set(tomllib.loads(block)) <= names
    for name in re.findall(r"`((?:context|max|temporal|hot|allow)_\w+)`", PAGE):
        assert name in names


def test_metrics_are_told() -> None:
    client = Client(create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts())))
    client.get("/health/live")
    told = client.get("/metrics").body.decode()
    names = re.findall(r"`((?:sympolis|process)_\w+)`", PAGE)
    assert len(names) > 6
    assert [name for name in names if f"# TYPE {name} " not in told] == []
    client.close()
