"""`sympolis federation`: other twins, what they offer and need, and what is agreed with them."""

from __future__ import annotations

from typing import Annotated

import typer

from sympolis import settings
from sympolis.cli import calls, computing, contracts, finding, matching, partner
from sympolis.cli.client import Client, connect
from sympolis.cli.federation_tour import FORMAT, Tour
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, reports_errors, screen, show
from sympolis.domain import errors

app = typer.Typer(help="Federation: partners, trust, catalogues and contracts.", no_args_is_help=True)
app.add_typer(partner.app, name="partner")
app.add_typer(partner.trust, name="trust")
app.command("rotate-keys")(partner.rotate)
app.command("search")(finding.search)
app.command("matrix")(finding.matrix)
app.command("benchmarks")(finding.benchmarks)
app.add_typer(finding.needs, name="needs")
for find in (matching.profile, matching.matches, matching.twinning):
    app.command()(find)
app.add_typer(computing.app, name="compute")
for verb in (
    contracts.offers,
    contracts.negotiate,
    contracts.negotiations,
    contracts.decide,
    contracts.agreements,
    contracts.agreement,
    contracts.terminate,
    contracts.transfer,
    contracts.transfers,
    contracts.move,
    contracts.access,
    contracts.usage,
    calls.call,
    calls.calls,
    calls.call_result,
    computing.bring,
    computing.learn,
    computing.learned,
):
    app.command()(verb)


@app.command()
@reports_errors
def tour(
    with_: Annotated[
        str | None, typer.Option("--with", metavar="DID", help="The partner.", show_default="the first one")
    ] = None,
    dataset: Annotated[str, typer.Option(help="A dataset of theirs.", show_default="any")] = "",
    form_of_transfer: Annotated[
        str, typer.Option("--transfer-format", help="How the data are to come.")
    ] = FORMAT,
    service: Annotated[str, typer.Option(help="A service of theirs to call.", show_default="any")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Discover, report compatibility, negotiate, transfer, call a service, count the use, end: once, with a partner."""
    quiet = form is Format.JSON
    with connect(settings.read({"city": city, "data": data})) as twin:
        tell = _silent if quiet else _tell
        found = Tour(twin, with_ or _first_partner(twin), tell, dataset, form_of_transfer, service).run()
    show(found, form, lambda _: screen.print("done"))


def _tell(step: str, words: str) -> None:
    screen.print(f"[bold]{step}[/]: {words}", soft_wrap=True)


def _silent(step: str, words: str) -> None:
    """A program reads the whole at the end."""


def _first_partner(twin: Client) -> str:
    found = [one["id"] for one in twin.get("/api/federation/partners")["partners"] if one["knows_us"]]
    if not found:
        raise errors.NotFound(
            "there is no partner yet", where="--with", hint="sympolis federation partner add URL"
        )
    return str(found[0])
