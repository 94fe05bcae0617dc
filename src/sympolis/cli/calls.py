"""`sympolis federation call|calls|call-result`: services and models of partners, called under contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show
from sympolis.cli.under_contract import (
    BASE,
    Agree,
    Agreement,
    Known,
    Limit,
    Partner,
    Purposes,
    agree_where_needed,
    one_of,
    short_id,
    whole_id,
)
from sympolis.domain import errors

_WAIT_S = 60
_OVER = ("done", "failed", "stopped")


@reports_errors
def call(
    partner: Partner,
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="A service's id; model:ID for a model; or the IRI.")
    ],
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An input, its value as JSON.")
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", exists=True, dir_okay=False, help="A file with inputs as JSON.")
    ] = None,
    agreement: Agreement = "",
    agree: Agree = False,
    purpose: Purposes = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the answer.")] = True,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Have a partner's service or model compute. Exit code 1 where it comes to no answer."""
    asked = {
        "partner": partner,
        "asset": _asset(service),
        "agreement": agreement,
        "inputs": _inputs(inputs, values or []),
        "purposes": purpose or [],
    }
    with connect(settings.read({"city": city, "data": data})) as twin:
        if agree:
            agree_where_needed(twin, asked)
        found = twin.post(f"{BASE}/calls", asked)
        while wait and found["state"] not in _OVER:
            found = twin.get(f"{one_of('calls', found['id'])}?wait_s={_WAIT_S}")
    show(found, form, _say)
    if found["state"] in ("failed", "stopped"):
        raise typer.Exit(NO)


@reports_errors
def calls(limit: Limit = 50, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Calls of partners' services and models, newest first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{BASE}/calls?limit={limit}")["calls"]
    show(found, form, _draw)


@reports_errors
def call_result(
    call_id: Known,
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The file to write.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write what a partner answered, as it came, into a file."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        whole = whole_id(twin, "calls", call_id)
        content = twin.get(f"{one_of('calls', whole)}/result")
    out.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    show({"call": whole, "file": str(out)}, form, lambda one: screen.print(f"wrote {one['file']}"))


def _asset(name: str) -> str:
    if name.startswith("urn:"):
        return name
    kind, colon, rest = name.partition(":")
    return f"urn:sympolis:model:{rest}" if colon and kind == "model" else f"urn:sympolis:service:{name}"


def _inputs(file: Path | None, values: list[str]) -> dict[str, Any]:
    found: Any = {}
    if file is not None:
        try:
            found = json.loads(file.read_text("utf-8"))
        except (UnicodeDecodeError, ValueError) as problem:
            raise errors.BadRequestData(f"is not JSON: {problem}", where=str(file)) from problem
        if not isinstance(found, dict):
            raise errors.BadRequestData("expected an object", where=str(file))
    for one in values:
        name, equals, value = one.partition("=")
        if not equals:
            raise errors.BadRequestData("expected NAME=VALUE", where=f"--set {one}")
        found[name] = _value(value)
    return dict(found)


def _value(text: str) -> Any:
    """The value as JSON; a plain word is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _say(found: dict[str, Any]) -> None:
    screen.print(f"[bold]{found['state']}[/] {found['why']}".rstrip(), soft_wrap=True)
    screen.print(f"call {found['id']} under {found['agreement']}", soft_wrap=True)
    if found["came"]:
        screen.print(f"{found['came']['bytes']:,} bytes, SHA-256 {found['came']['sha256']}", soft_wrap=True)
        said = found["provenance"]
        named = {
            name: said.get(name) for name in ("model", "model_version", "data_version", "calibration_id")
        }
        screen.print(", ".join(f"{name} {value}" for name, value in named.items() if value), soft_wrap=True)


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [
        [short_id(one["id"]), one["began"][:19], one["partner"], one["asset"].rpartition(":")[2],
         one["state"], one["progress"], one["why"]]
        for one in found
    ]  # fmt: skip
    draw(["id", "began", "partner", "asset", "state", "%", "why"], rows)
