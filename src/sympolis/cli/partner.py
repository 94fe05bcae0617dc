"""`sympolis federation partner|invite|trust|key`: other twins, how they become partners, and whom this one believes."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text

app = typer.Typer(help="Partners: the other twins that this one deals with.", no_args_is_help=True)
trust = typer.Typer(help="Trust anchors: whose credentials count here.", no_args_is_help=True)

PartnerId = Annotated[
    str, typer.Argument(metavar="DID", help="A partner's DID, e.g. did:web:twin.city.example.")
]
_PARTNERS = "/api/federation/partners"


@app.command("add")
@reports_errors
def add(
    address: Annotated[
        str, typer.Argument(metavar="URL", help="Where the other twin, connector or catalogue is.")
    ],
    did: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="DID",
            help="Who is expected to be there; a connector elsewhere than at its DID is named by it.",
        ),
    ] = None,
    invitation: Annotated[
        str | None, typer.Option(help="The word of an invitation of theirs: they take us for a partner, too.")
    ] = None,
    certified: Annotated[
        bool,
        typer.Option(
            "--certified",
            help="A connector without a DID: it proves itself by TLS certificates, and --id is the name in them.",
        ),
    ] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make the twin at an address a partner; or a connector of the Dataspace Protocol, or a DCAT-AP catalogue."""
    given = {"base_url": address, "id": did, "invitation": invitation, "certified": certified}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(_PARTNERS, {name: value for name, value in given.items() if value})
    show(found, form, lambda one: screen.print(f"{text(one['title']) or one['name']}: {_standing(one)}"))


@app.command("list")
@reports_errors
def list_partners(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every partner, and how the last contacts went."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_PARTNERS)["partners"]
    show(found, form, _draw)


@app.command("remove")
@reports_errors
def remove(
    partner: PartnerId, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Part from a partner; what this twin said of it is taken back."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", f"{_PARTNERS}/{quote(partner, safe='')}")
    show({"removed": partner}, form, lambda _: screen.print(f"{partner} removed"))


@app.command("suspend")
@reports_errors
def suspend(
    partner: PartnerId,
    again: Annotated[bool, typer.Option("--resume", help="Deal with it again.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Deal with a partner no more for now: neither side gets anything."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        standing = {"standing": "active" if again else "suspended"}
        found = twin.call("PATCH", f"{_PARTNERS}/{quote(partner, safe='')}", standing)
    show(found, form, lambda one: screen.print(f"{one['name']}: {_standing(one)}"))


@app.command("contact")
@reports_errors
def contact(
    partner: PartnerId, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Get in touch with a partner now; exit code 1 where it does not know us."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"{_PARTNERS}/{quote(partner, safe='')}/contact")
    show(found, form, lambda one: screen.print(f"{one['name']}: {_standing(one)}"))
    if found["kind"] == "twin" and not found["knows_us"]:
        raise typer.Exit(1)


@app.command("invite")
@reports_errors
def invite(
    note: Annotated[str, typer.Option(help="For whom it is.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make an invitation: the other twin's administrator adds us with its word, once."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/federation/invitations", {"note": note})
    show(found, form, _draw_invitation)


@trust.command("list")
@reports_errors
def list_anchors(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Whose credentials count here, besides our own."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/trust")["anchors"]
    show(
        found,
        form,
        lambda all_: draw(
            ["id", "types", "title"], [[a["id"], ", ".join(a["types"]), a["title"]] for a in all_]
        ),
    )


@trust.command("add")
@reports_errors
def add_anchor(
    did: Annotated[str, typer.Argument(metavar="DID", help="An issuer's DID.")],
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let an authority's members in without adding each as a partner."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/federation/trust", {"id": did, "title": title})
    show(found, form, lambda one: screen.print(f"{one['id']} counts here"))


@trust.command("remove")
@reports_errors
def remove_anchor(
    did: Annotated[str, typer.Argument(metavar="DID", help="An issuer's DID.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let an issuer's credentials count no longer."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", f"/api/federation/trust/{quote(did, safe='')}")
    show({"removed": did}, form, lambda _: screen.print(f"{did} counts no longer"))


@trust.command("ask")
@reports_errors
def ask(
    did: Annotated[str, typer.Argument(metavar="DID", help="The authority's DID.")],
    credential: Annotated[
        str, typer.Option(help="What it calls the credential in its metadata.")
    ] = "MembershipCredential",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask a dataspace's authority for a credential about this twin, to be shown to connectors."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/federation/credentials", {"issuer": did, "credential": credential})
    show(
        found,
        form,
        lambda one: screen.print(f"{one['issuer']} was asked for {one['credential']}", soft_wrap=True),
    )


@reports_errors
def rotate(
    revoke: Annotated[
        bool, typer.Option("--revoke", help="The old key may be in wrong hands: what it signed ends.")
    ] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Sign by a new key from now on."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/federation/keys", {"revoke": revoke})
    show(found, form, lambda one: screen.print(f"signing by {one['key']}"))


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["name"], one["id"], one["base_url"], _standing(one), one["last_contact_at"], one["last_failure"]]
        for one in found
    ]
    draw(["name", "id", "address", "standing", "last contact", "last failure"], rows)


def _standing(one: dict[str, Any]) -> str:
    if one["standing"] != "active":
        return "suspended"
    if one["breaker"] != "closed":
        return "does not answer"
    if one["kind"] != "twin":
        return str(one["kind"])
    return "partner" if one["knows_us"] else "has not added us yet"


def _draw_invitation(found: dict[str, Any]) -> None:
    screen.print("The other twin's administrator runs, once and within a week:")
    command = f"sympolis federation partner add {found['address']} --invitation {found['invitation']}"
    screen.print(command, soft_wrap=True, markup=False)
