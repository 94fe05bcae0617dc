"""`sympolis federation offers|negotiate|agreements|transfers|usage …`: contracts with other twins, data under them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.cli.under_contract import BASE, Known, Limit, Partner, Purposes, one_of, short_id, whole_id

_WAIT_S = 20
Why = Annotated[str, typer.Option("--why", help="The reason: the partner reads it, too.")]


@reports_errors
def offers(partner: Partner, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What a partner offers us now: its datasets, the terms and the formats."""
    with _twin(city, data) as twin:
        found = twin.get(f"{one_of('partners', partner)}/offers")["datasets"]
    show(found, form, _draw_offers)


@reports_errors
def negotiate(
    partner: Partner,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Its IRI, or the end of it.")],
    offer: Annotated[
        str | None, typer.Option("--offer", help="The offer's id.", show_default="the first one")
    ] = None,
    manual: Annotated[bool, typer.Option("--manual", help="Decide each step yourself.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask a partner for an agreement on a dataset. Exit code 1 where it comes to none."""
    with _twin(city, data) as twin:
        name = dataset if ":" in dataset else _whole_name(twin, partner, dataset)
        asked = {"partner": partner, "dataset": name, "manual": manual} | ({"offer": offer} if offer else {})
        found = twin.post(f"{BASE}/negotiations?wait_s={_WAIT_S}", asked)
    show(found, form, _say_negotiation)
    if found["state"] == "TERMINATED":
        raise typer.Exit(NO)


@reports_errors
def negotiations(
    limit: Limit = 50, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Contract negotiations, newest first."""
    with _twin(city, data) as twin:
        found = twin.get(f"{BASE}/negotiations?limit={limit}")["negotiations"]
    show(found, form, _draw_processes)


@reports_errors
def decide(
    negotiation: Known,
    act: Annotated[str, typer.Argument(help="accept, request, offer, agree, verify or terminate.")],
    why: Why = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Do the next step of a negotiation that waits for somebody to decide."""
    with _twin(city, data) as twin:
        pid = whole_id(twin, "negotiations", negotiation)
        answer = twin.post(
            f"{one_of('negotiations', pid)}/decision?wait_s={_WAIT_S}", {"act": act, "why": why}
        )
    show(answer, form, _say_negotiation)


@reports_errors
def agreements(
    limit: Limit = 50, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Agreements, newest first."""
    with _twin(city, data) as twin:
        found = twin.get(f"{BASE}/agreements?limit={limit}")["agreements"]
    show(found, form, _draw_agreements)


@reports_errors
def agreement(
    agreement_id: Known, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """What an agreement says, in words, and whether it allows anything now."""
    with _twin(city, data) as twin:
        found = twin.get(one_of("agreements", whole_id(twin, "agreements", agreement_id)))
    show(found, form, _say_agreement)


@reports_errors
def terminate(
    agreement_id: Known,
    why: Why = "ended by the operator",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """End an agreement, and every transfer under it, at once."""
    with _twin(city, data) as twin:
        path = f"{one_of('agreements', whole_id(twin, 'agreements', agreement_id))}/decision"
        found = twin.post(path, {"act": "terminate", "why": why})
    show(found, form, lambda one: screen.print(f"ended {one['ended'][:19]}: {one['why']}", soft_wrap=True))


@reports_errors
def transfer(
    agreement_id: Known,
    way: Annotated[str, typer.Option("--as", help="The format, as the offer names it.")] = "HttpData-PULL",
    purpose: Purposes = None,
    place: Annotated[str, typer.Option("--place", metavar="IRI", help="Where they are used.")] = "",
    take: Annotated[
        bool, typer.Option("--take/--no-take", help="Take the data as soon as they may be.")
    ] = True,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask for the data of an agreement and bring them home. Exit code 1 where the partner refuses."""
    with _twin(city, data) as twin:
        asked = {
            "agreement": whole_id(twin, "agreements", agreement_id),
            "format": way,
            "purposes": purpose or [],
            "place": place,
            "take": take,
        }
        found = twin.post(f"{BASE}/transfers?wait_s={_WAIT_S}", asked)
        if take and found["state"] == "STARTED":
            found = twin.get(f"{one_of('transfers', found['id'])}?until=COMPLETED&wait_s={_WAIT_S}")
    show(found, form, _say_transfer)
    if found["state"] == "TERMINATED":
        raise typer.Exit(NO)


@reports_errors
def transfers(
    limit: Limit = 50, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Transfers, newest first."""
    with _twin(city, data) as twin:
        found = twin.get(f"{BASE}/transfers?limit={limit}")["transfers"]
    show(found, form, _draw_processes)


@reports_errors
def move(
    transfer_id: Known,
    act: Annotated[str, typer.Argument(help="suspend, start, complete or terminate.")],
    why: Why = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Suspend a transfer, let it go on, complete or terminate it. What is ours to decide holds at once."""
    with _twin(city, data) as twin:
        path = one_of("transfers", whole_id(twin, "transfers", transfer_id))
        found = twin.post(f"{path}/decision?wait_s=5", {"act": act, "why": why})
    show(found, form, _say_transfer)


@reports_errors
def access(
    transfer_id: Known, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Where a transfer's data are, and a new token for a client of your own; the token before ends."""
    with _twin(city, data) as twin:
        found = twin.post(f"{one_of('transfers', whole_id(twin, 'transfers', transfer_id))}/access", {})
    show(found, form, _say_access)


@reports_errors
def usage(
    after: Annotated[int, typer.Option("--after", min=0, help="Uses with larger numbers.")] = 0,
    limit: Limit = 100,
    agreement_id: Annotated[str, typer.Option("--agreement", help="Only under this agreement.")] = "",
    compare: Annotated[
        str, typer.Option("--compare", metavar="TRANSFER", help="Lay our account beside the partner's.")
    ] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What was used under contract, by whom, how much. With --compare, exit code 1 where the accounts differ."""
    with _twin(city, data) as twin:
        if compare:
            found = twin.get(f"{one_of('transfers', whole_id(twin, 'transfers', compare))}/comparison")
            show(found, form, _say_comparison)
            if not found["agree"]:
                raise typer.Exit(NO)
            return
        query: dict[str, Any] = {"after": after, "limit": limit}
        if agreement_id:
            query["agreement"] = whole_id(twin, "agreements", agreement_id)
        show(twin.get(f"{BASE}/usage?{urlencode(query)}")["uses"], form, _draw_uses)


# --- parts


def _twin(city: str | None, data: Any) -> Any:
    return connect(settings.read({"city": city, "data": data}))


def _whole_name(twin: Client, partner: str, name: str) -> str:
    """What the partner calls a dataset: just so, as connectors do, or with the name at the end."""
    known = [one["@id"] for one in twin.get(f"{one_of('partners', partner)}/offers")["datasets"]]
    return next((one for one in known if name in (one, one.rpartition(":")[2])), name)


def _draw_offers(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["@id"].rpartition(":")[2], _title(one), _terms(offer), ", ".join(_formats(one))]
        for one in found
        for offer in one["hasPolicy"]
    ]
    draw(["dataset", "title", "terms", "formats"], rows)


def _title(dataset: dict[str, Any]) -> str:
    words = dataset.get("dct:title", ())
    if not words:
        return str(dataset.get("edc:name", ""))
    return text({one.get("@language", ""): one["@value"] for one in words if isinstance(one, dict)})


def _terms(offer: dict[str, Any]) -> str:
    said = []
    for kind in ("permission", "prohibition"):
        for rule in offer.get(kind, ()):
            under = f" under {len(rule['constraint'])} conditions" if rule.get("constraint") else ""
            said.append(f"{'may' if kind == 'permission' else 'may not'} {rule['action']}{under}")
    return "; ".join(said)


def _formats(dataset: dict[str, Any]) -> list[str]:
    return [one["format"] for one in dataset["distribution"]]


def _draw_processes(found: list[dict[str, Any]]) -> None:
    rows = [
        [short_id(one["id"]), one["began"][:19], one["side"], one["partner"], one["dataset"].rpartition(":")[2],
         one["state"], one["why"]]
        for one in found
    ]  # fmt: skip
    draw(["id", "began", "we are", "partner", "dataset", "state", "why"], rows)


def _draw_agreements(found: list[dict[str, Any]]) -> None:
    rows = [
        [short_id(one["id"]), one["agreed"][:19], one["side"], one["partner"], one["dataset"].rpartition(":")[2],
         (one["ended"] or "")[:19] or None]
        for one in found
    ]  # fmt: skip
    draw(["id", "agreed", "we are", "partner", "dataset", "ended"], rows)


def _say_negotiation(found: dict[str, Any]) -> None:
    screen.print(f"[bold]{found['state']}[/] {found['why']}".rstrip(), soft_wrap=True)
    if found["agreement"]:
        screen.print(f"agreement {found['agreement']}", soft_wrap=True)


def _say_agreement(found: dict[str, Any]) -> None:
    screen.print(f"{found['dataset']} with {found['partner']} since {found['agreed'][:19]}", soft_wrap=True)
    for line in found["words"]["en"]:
        screen.print(f"  {line}", soft_wrap=True)
    if found["ended"]:
        screen.print(f"ended {found['ended'][:19]}: {found['why']}", soft_wrap=True)
    else:
        screen.print("allows use now" if found["allows_now"] else "allows no use now")


def _say_transfer(found: dict[str, Any]) -> None:
    screen.print(f"[bold]{found['state']}[/] {found['why']}".rstrip(), soft_wrap=True)
    for one in found["received"]:
        screen.print(f"{one['file']}: {one['bytes']:,} bytes, SHA-256 {one['sha256']}", soft_wrap=True)
    if not found["received"] and found.get("endpoint"):
        screen.print(f"endpoint {found['endpoint']}", soft_wrap=True)


def _say_access(found: dict[str, Any]) -> None:
    screen.print(f"endpoint {found['endpoint']}", soft_wrap=True)
    until = (
        f"holds until {found['expires'][:19]}" if "expires" in found else "holds as long as the partner says"
    )
    screen.print(f"token {found['authorization']} ({until})", soft_wrap=True)


def _draw_uses(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["number"], one["at"][:19], "theirs of ours" if one["side"] == "provider" else "ours of theirs",
         one["partner"], one["dataset"].rpartition(":")[2], one["status"], one["bytes"], one["reason"]]
        for one in found
    ]  # fmt: skip
    draw(["number", "at", "use", "partner", "dataset", "status", "bytes", "reason"], rows)


def _say_comparison(found: dict[str, Any]) -> None:
    if found["agree"]:
        screen.print(f"both accounts agree: {found['uses']} uses, {found['bytes']:,} bytes")
        return
    for name, words in (
        ("only_ours", "only we noted"),
        ("only_theirs", "only they noted"),
        ("different", "differ"),
    ):
        for one in found[name]:
            screen.print(f"{words}: {one}", soft_wrap=True)
