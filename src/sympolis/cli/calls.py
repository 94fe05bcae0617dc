"""`sympolis federation call|calls|call-result`: services and models of partners, called under contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show
from sympolis.domain import errors

_BASE = "/api/federation"
_WAIT_S = 60
_OVER = ("done", "failed", "stopped")


@reports_errors
def call(
    partner: Annotated[str, typer.Argument(metavar="DID", help="A partner's DID.")],
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="A service's id; model:ID for a model; or the IRI.")
    ],
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An input, its value as JSON.")
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", exists=True, dir_okay=False, help="A file with inputs as JSON.")
    ] = None,
    agreement: Annotated[
        str, typer.Option("--agreement", metavar="ID", help="Under which one.", show_default="the newest")
    ] = "",
    agree: Annotated[
        bool, typer.Option("--agree", help="Negotiate on the first offer where there is no agreement.")
    ] = False,
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", metavar="IRI", help="What the answer is for.")
    ] = None,
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
        found = twin.post(f"{_BASE}/calls", asked)
        while wait and found["state"] not in _OVER:
            found = twin.get(f"{_BASE}/calls/{quote(found['id'], safe='')}?wait_s={_WAIT_S}")
    show(found, form, _say)
    if found["state"] in ("failed", "stopped"):
        raise typer.Exit(NO)


@reports_errors
def calls(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many, newest first.")] = 50,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Calls of partners' services and models, newest first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/calls?limit={limit}")["calls"]
    show(found, form, _draw)


@reports_errors
def call_result(
    call_id: Annotated[
        str, typer.Argument(metavar="ID", help="As the list shows it; its beginning is enough.")
    ],
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The file to write.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write what a partner answered, as it came, into a file."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        known = [one["id"] for one in twin.get(f"{_BASE}/calls?limit=1000")["calls"]]
        fitting = [one for one in known if one.removeprefix("urn:uuid:").startswith(call_id)]
        whole = fitting[0] if len(fitting) == 1 else call_id
        content = twin.get(f"{_BASE}/calls/{quote(whole, safe='')}/result")
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


def agree_where_needed(twin: Client, asked: dict[str, Any]) -> None:
    """Come to an agreement where there is none. Raises ``Conflict`` where it comes to none."""
    held = twin.get(f"{_BASE}/agreements?limit=1000&partner={quote(asked['partner'], safe='')}")["agreements"]
    if asked["agreement"] or any(
        one["dataset"] == asked["asset"] and one["side"] == "consumer" and not one["ended"] for one in held
    ):
        return
    wanted = {"partner": asked["partner"], "dataset": asked["asset"]}
    begun = twin.post(f"{_BASE}/negotiations?wait_s=20", wanted)
    if begun["state"] != "FINALIZED":
        raise errors.Conflict(f"the negotiation is {begun['state']}: {begun['why']}", where=begun["id"])
    asked["agreement"] = begun["agreement"]


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
        [one["id"].removeprefix("urn:uuid:")[:8], one["began"][:19], one["partner"], one["asset"].rpartition(":")[2],
         one["state"], one["progress"], one["why"]]
        for one in found
    ]  # fmt: skip
    draw(["id", "began", "partner", "asset", "state", "%", "why"], rows)
