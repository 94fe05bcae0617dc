"""`sympolis audit`: is the audit log whole, and what does it say."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import msgspec
import typer

from sympolis.app import people
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show
from sympolis.cli.user import Broker, place_of
from sympolis.governance.audit.record import Act, Head

app = typer.Typer(help="The audit log: who did what.", no_args_is_help=True)


@app.command("verify")
@reports_errors
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="NUMBER:HASH", help="What `audit head` once showed.")
    ] = None,
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Follow the chain of the audit log. Exit code 1, with the first record that does not hold, where it is broken.

    That the newest entries were cut off is seen by the head kept beside the log, and by one noted elsewhere.
    """
    noted = None if head is None else Head.parse(head)
    finding, kept = people.verify_audit(place_of(city, data, broker), noted)
    shown = {**asdict(finding), "whole": finding.whole, "head": None if kept is None else str(kept)}
    show(shown, form, _say)
    if not finding.whole:
        raise typer.Exit(NO)


@app.command("head")
@reports_errors
def show_head(
    broker: Broker = False, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Show the last entry's number and hash, to be noted where nobody can write: in a letter, at a time stamp service.

    Exit code 1 where the log is broken: what is broken is not to be vouched for.
    """
    finding, _ = people.verify_audit(place_of(city, data, broker))
    found = {"head": str(Head(finding.entries, finding.last_hash)), "whole": finding.whole}
    show(found, form, lambda one: screen.print(one["head"], soft_wrap=True))
    if not finding.whole:
        raise typer.Exit(NO)


@app.command("list")
@reports_errors
def list_entries(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many, newest first.")] = 50,
    subject: Annotated[str | None, typer.Option("--subject", help="Only what this user did.")] = None,
    act: Annotated[Act | None, typer.Option("--act", help="Only acts of this kind.")] = None,
    broker: Broker = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the newest entries of the audit log."""
    place = place_of(city, data, broker)
    found = people.list_audit(place, limit=limit, subject=subject, act=None if act is None else act.value)
    show([msgspec.to_builtins(one) for one in found], form, _draw)


def _say(finding: dict[str, Any]) -> None:
    if finding["whole"]:
        screen.print(f"whole: {finding['entries']} entries, last hash {finding['last_hash']}", soft_wrap=True)
        if finding["head"] is None:
            screen.print("no head is kept beside it: that the newest entries were cut off would not be seen")
    else:
        screen.print(
            f"broken at entry {finding['broken']} ({finding['file']}): {finding['reason']}", soft_wrap=True
        )


def _draw(found: list[dict[str, Any]]) -> None:
    rows = [[one["number"], one["at"][:19], *_told(one["event"])] for one in found]
    draw(["number", "at", "act", "who", "operation", "target", "datasets"], rows)


def _told(event: dict[str, Any]) -> list[str]:
    who = event["subject"] or "(stranger)"
    return [event["act"], who, event["operation"], event["target"], ", ".join(event["datasets"])]
