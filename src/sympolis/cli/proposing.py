"""What `sympolis source new` does: propose, show, write."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sympolis.city.proposing.desk import Proposer, is_address
from sympolis.city.proposing.proposal import Proposal, Wish
from sympolis.city.proposing.writing import files, write_into
from sympolis.cli.output import draw, notes, screen
from sympolis.domain import errors
from sympolis.settings import Settings


def new(
    settings: Settings, words: str, wish: dict[str, str], *, dry_run: bool, force: bool
) -> dict[str, Any]:
    """Propose for a file or an address and, unless ``dry_run``, write it into the package; the proposal."""
    from sympolis.app.proposing import proposer

    city, desk = proposer(settings)
    to = None if dry_run else city.folder
    made, written = asyncio.run(_proposed(desk, words, Wish(**wish), to, force=force))
    return {**made.to_json(), "files": files(made), "written": [str(path) for path in written]}


async def _proposed(
    desk: Proposer, words: str, wish: Wish, to: Path | None, *, force: bool
) -> tuple[Proposal, list[Path]]:
    if is_address(words):
        async with desk.of_address(words, wish) as found:
            return found.proposal, _written(to, found.proposal, found.sample, force=force)
    path = Path(words)
    if not path.is_file():  # noqa: ASYNC240 - a command, with nothing else on its loop
        raise errors.InvalidRequest(
            "there is no such file", where=words, hint="a file, or an address with https://"
        )
    made = await desk.of_file(path, wish)
    return made, _written(to, made, path, force=force)


def _written(to: Path | None, made: Proposal, sample: Path, *, force: bool) -> list[Path]:
    return [] if to is None else write_into(to, made, sample, force=force)


def draw_proposal(found: dict[str, Any]) -> None:
    """The proposal for people: models, columns, what to look at, and the files."""
    draw(
        ["data model", "confidence", "why"],
        [[one["name"], one["confidence"], one["reason"]] for one in found["models"][:3]],
    )
    by_field = {rule["field"]: rule for rule in found["mapping"]["attributes"]}
    draw(
        ["column", "holds", "becomes", "unit", "from", "for example"],
        [
            [
                one["name"],
                one["kind"],
                (by_field.get(one["name"]) or {}).get("name"),
                (by_field.get(one["name"]) or {}).get("unit"),
                (by_field.get(one["name"]) or {}).get("from_unit"),
                ", ".join(one["examples"][:2]),
            ]
            for one in found["columns"]
        ],
    )
    for finding in found["findings"]:
        notes.print(f"look at {finding}", markup=False, soft_wrap=True)
    if not found["written"]:
        for place, text in found["files"].items():
            screen.print(f"\n--- {place}\n{text}", markup=False, highlight=False, soft_wrap=True)
    for path in found["written"]:
        screen.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
