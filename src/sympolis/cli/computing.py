"""`sympolis federation compute …|bring|learn|learned`: packages that travel to data, models that travel home."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text
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

app = typer.Typer(help="Compute-to-data: packages run where the data are.", no_args_is_help=True)
_WAIT_S = 30
_OVER = ("released", "refused", "failed")
_ACTS = ("approve", "refuse", "release", "withhold")


@app.command()
@reports_errors
def submit(
    partner: Partner,
    dataset: Annotated[str, typer.Argument(help="A dataset's id, or its IRI.")],
    package: Annotated[
        Path, typer.Argument(help="What is to be computed, as TOML or JSON.", exists=True, dir_okay=False)
    ],
    script: Annotated[
        Path | None,
        typer.Option("--script", help="A Python module, for the kind script.", exists=True, dir_okay=False),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="An ONNX file, for the kind model-means.", exists=True, dir_okay=False),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option("--parameters", help="Parameters of this run as JSON.", exists=True, dir_okay=False),
    ] = None,
    purpose: Purposes = None,
    agreement: Agreement = "",
    agree: Agree = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Have a package run on a partner's data. Exit code 1 where it is refused or fails."""
    asked: dict[str, Any] = {
        "partner": partner,
        "asset": _asset("dataset", dataset),
        "agreement": agreement,
        "package": document_of(package),
        "parameters": document_of(parameters) if parameters is not None else {},
        "purposes": purpose or [],
    }
    if script is not None:
        asked["script"] = script.read_text("utf-8")
    if model is not None:
        asked["model"] = base64.b64encode(model.read_bytes()).decode()
    with connect(settings.read({"city": city, "data": data})) as twin:
        if agree:
            agree_where_needed(twin, asked)
        found = twin.post(f"{BASE}/computations", asked)
    show(found, form, _say)
    _exit(found)


@app.command("list")
@reports_errors
def list_computations(
    served: Annotated[
        bool, typer.Option("--served", help="Partners' packages on our data instead of ours.")
    ] = False,
    limit: Limit = 50,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Computations, newest first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{BASE}/{_kind(served)}?limit={limit}")["computations"]
    show(found, form, _draw)


@app.command("show")
@reports_errors
def show_computation(
    computation: Known,
    served: Annotated[bool, typer.Option("--served", help="A partner's package on our data.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is over.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """One computation with its outputs. Exit code 1 where it was refused or failed."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        path = one_of(_kind(served), _whole(twin, computation, served=served))
        found = twin.get(path)
        while wait and found["state"] not in _OVER:
            found = twin.get(f"{path}?wait_s={_WAIT_S}")
    show(found, form, _say)
    _exit(found)


@app.command()
@reports_errors
def decide(
    computation: Known,
    act: Annotated[str, typer.Argument(help="approve or refuse a package, release or withhold outputs.")],
    why: Annotated[str, typer.Option("--why", help="The reason; the partner is told why not.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Decide on a partner's package, or on what it gave."""
    if act not in _ACTS:
        raise errors.InvalidRequest(f"one of {', '.join(_ACTS)} is wanted", where="act")
    with connect(settings.read({"city": city, "data": data})) as twin:
        whole = _whole(twin, computation, served=True)
        path = f"{one_of(_kind(True), whole)}/decision?wait_s={_WAIT_S}"
        found = twin.post(path, {"act": act, "why": why})
    show(found, form, _say)


@reports_errors
def bring(
    partner: Partner,
    model: Annotated[str, typer.Argument(help="A learned model's name, or its IRI.")],
    licence: Annotated[
        list[str] | None, typer.Option("--accept-licence", metavar="NAME", help="Besides the known ones.")
    ] = None,
    agreement: Agreement = "",
    agree: Agree = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Bring a partner's learned model home: signature and licence checked, its examples run locked in, a draft here."""
    asked = {
        "partner": partner,
        "asset": _asset("model", model),
        "agreement": agreement,
        "licences": licence or [],
    }
    with connect(settings.read({"city": city, "data": data})) as twin:
        if agree:
            agree_where_needed(twin, asked)
        found = twin.post(f"{BASE}/models", asked)
    show(found, form, _say_brought)


@reports_errors
def learn(
    plan: Annotated[
        Path, typer.Argument(help="What is to be learnt, as TOML or JSON.", exists=True, dir_okay=False)
    ],
    with_: Annotated[
        str, typer.Option("--with", metavar="DID", help="The partner, where the plan leaves it open (*).")
    ] = "",
    agree: Agree = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is learnt.")] = True,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Learn a model together with partners. Exit code 1 where it fails."""
    document = document_of(plan)
    for member in document.get("members", ()):
        if isinstance(member, dict) and member.get("partner") == "*":
            member["partner"] = with_
    with connect(settings.read({"city": city, "data": data})) as twin:
        if agree:
            _agree_with_all(twin, document)
        found = learnt(twin, document, wait=wait)
    show(found, form, say_learnt)
    if found["state"] == "failed":
        raise typer.Exit(NO)


def learnt(twin: Client, plan: dict[str, Any], *, wait: bool) -> dict[str, Any]:
    """What comes of learning by a plan; without ``wait``, that it has begun."""
    found: dict[str, Any] = twin.post(f"{BASE}/learning", {"plan": plan})
    while wait and found["state"] not in ("done", "failed"):
        found = twin.get(f"{one_of('learning', found['id'])}?wait_s={_WAIT_S}")
    return found


@reports_errors
def learned(
    limit: Limit = 50,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Models learnt together with partners, newest first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{BASE}/learning?limit={limit}")["learnings"]
    show(found, form, _say_all)


def _say_all(found: list[dict[str, Any]]) -> None:
    for one in found:
        say_learnt(one)


def _agree_with_all(twin: Client, plan: dict[str, Any]) -> None:
    for member in plan.get("members", ()):
        if member.get("partner"):
            member["dataset"] = _asset("dataset", member["dataset"])
            asked = {
                "partner": member["partner"],
                "asset": member["dataset"],
                "agreement": member.get("agreement", ""),
            }
            agree_where_needed(twin, asked)
            member["agreement"] = asked["agreement"]


def document_of(file: Path) -> dict[str, Any]:
    """What a file says, as TOML or by its name as JSON."""
    try:
        body = file.read_text("utf-8")
        found = json.loads(body) if file.suffix.lower() == ".json" else tomllib.loads(body)
    except (UnicodeDecodeError, ValueError) as problem:
        raise errors.BadRequestData(f"cannot be read: {problem}", where=str(file)) from problem
    if not isinstance(found, dict):
        raise errors.BadRequestData("expected an object", where=str(file))
    return found


def _asset(kind: str, name: str) -> str:
    return name if name.startswith("urn:") else f"urn:sympolis:{kind}:{name}"


def _kind(served: bool) -> str:
    return "served-computations" if served else "computations"


def _whole(twin: Client, beginning: str, *, served: bool) -> str:
    return whole_id(twin, _kind(served), beginning, named="computations")


def _exit(found: dict[str, Any]) -> None:
    if found["state"] in ("refused", "failed"):
        raise typer.Exit(NO)


def _say(found: dict[str, Any]) -> None:
    declaration = found["declaration"]
    screen.print(f"[bold]{found['state']}[/] {found['why']}".rstrip(), soft_wrap=True)
    package = f"{declaration['name']} {declaration['version']} ({declaration['algorithm']['kind']})"
    groups = f"groups of at least {declaration['min_group']} ({declaration['counted']})"
    screen.print(f"{package}, {groups}", soft_wrap=True)
    screen.print(f"computation {found['id']} under {found['agreement']}", soft_wrap=True)
    if found.get("script"):
        screen.print(found["script"], markup=False, highlight=False)
    for name, rows in (found["outputs"] or {}).items():
        screen.print(f"{name}, {found['suppressed'].get(name, 0)} rows suppressed")
        if rows:
            draw(list(rows[0]), [list(one.values()) for one in rows])


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [
        [short_id(one["id"]), one["at"][:19], one["partner"],
         str(one.get("asset") or one.get("dataset")).rpartition(":")[2], f"{one['name']} {one['version']}",
         one["kind"], one["state"], one["why"]]
        for one in found
    ]  # fmt: skip
    draw(["id", "at", "partner", "data", "package", "kind", "state", "why"], rows)


def _say_brought(found: dict[str, Any]) -> None:
    model = found["model"]
    screen.print(f"{model['name']} {model['version']} is {model['stage']} here", soft_wrap=True)
    screen.print(
        f"signed by {found['signed_by']}, licence {found['licence']}, under {found['agreement']}",
        soft_wrap=True,
    )


def say_learnt(found: dict[str, Any]) -> None:
    """The state, and city by city the errors beside those of others."""
    title = text(found.get("title") or found["plan"]["title"])
    screen.print(
        f"[bold]{found['state']}[/] {title}: {found['rounds']} rounds {found['why']}".rstrip(), soft_wrap=True
    )
    judged = [one for one in found["members"] if one.get("evaluation")]
    rows = [
        [one["partner"] or "here", one["dataset"].rpartition(":")[2], one["evaluation"]["mae"],
         one["evaluation"]["mae_local"], one["evaluation"]["mae_naive"],
         _gain(one["evaluation"]["against_local"]), _gain(one["evaluation"]["against_naive"])]
        for one in judged
    ]  # fmt: skip
    if rows:
        draw(["city", "data", "error", "local", "as today", "against local", "against as today"], rows)
    if found["model"]:
        screen.print(f"model {found['model']['name']} {found['model']['version']}: {found['model']['stage']}")


def _gain(one: dict[str, Any]) -> str:
    return f"{one['percent']:+.1f} % ({one['low']:+.1f} … {one['high']:+.1f}): {one['verdict']}"
