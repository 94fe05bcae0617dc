"""What the commands about contracts have in common: options, ids by their beginning, an agreement where none is yet."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from sympolis.cli.client import Client
from sympolis.domain import errors

BASE: Final = "/api/federation"
Partner = Annotated[str, typer.Argument(metavar="DID", help="A partner's DID.")]
Known = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it; its beginning is enough.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many, newest first.")]
Agreement = Annotated[
    str, typer.Option("--agreement", metavar="ID", help="Under which one.", show_default="the newest")
]
Agree = Annotated[
    bool, typer.Option("--agree", help="Negotiate on the first offer where there is no agreement.")
]
Purposes = Annotated[
    list[str] | None, typer.Option("--purpose", metavar="IRI", help="What the data or the answer are for.")
]
_UUID: Final = "urn:uuid:"


def one_of(kind: str, name: str) -> str:
    """The path of one negotiation, agreement, transfer, call or computation."""
    return f"{BASE}/{kind}/{quote(name, safe='')}"


def whole_id(twin: Client, kind: str, beginning: str, *, named: str = "") -> str:
    """The one id that begins so, with or without ``urn:uuid:``; the beginning itself where there is none or several.

    ``named`` is what the answer calls the list, where that is not ``kind``.
    """
    known = [one["id"] for one in twin.get(f"{BASE}/{kind}?limit=1000")[named or kind]]
    fitting = [
        one for one in known if one.startswith(beginning) or one.removeprefix(_UUID).startswith(beginning)
    ]
    return str(fitting[0]) if len(fitting) == 1 else beginning


def short_id(name: str) -> str:
    """As much of an id as a list shows."""
    return name.removeprefix(_UUID)[:8]


def agree_where_needed(twin: Client, asked: dict[str, Any]) -> None:
    """Come to an agreement where there is none. Raises ``Conflict`` where it comes to none."""
    held = twin.get(f"{BASE}/agreements?limit=1000&partner={quote(asked['partner'], safe='')}")["agreements"]
    if asked["agreement"] or any(
        one["dataset"] == asked["asset"] and one["side"] == "consumer" and not one["ended"] for one in held
    ):
        return
    wanted = {"partner": asked["partner"], "dataset": asked["asset"]}
    begun = twin.post(f"{BASE}/negotiations?wait_s=20", wanted)
    if begun["state"] != "FINALIZED":
        raise errors.Conflict(f"the negotiation is {begun['state']}: {begun['why']}", where=begun["id"])
    asked["agreement"] = begun["agreement"]
