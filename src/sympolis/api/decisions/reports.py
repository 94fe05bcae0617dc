"""A scenario's report, ready to be handed round: as page, PDF or document, in three languages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.decisions.printed import STYLE_PATH, language_of
from sympolis.api.http import Reply, Request
from sympolis.api.parameters import Parameter
from sympolis.decision.account import run_account
from sympolis.decision.printing import docx, page, pdf
from sympolis.decision.printing.blocks import Account
from sympolis.orchestration.evidence import Evidence

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

FORMAT = Parameter(name="format", text="As this.", choices=("html", "pdf", "docx"))
_PRINTED: Final = {"pdf": (pdf.pdf, pdf.MEDIA), "docx": (docx.docx, docx.MEDIA)}


class Reports:
    """Handler of ``/api/runs/{run}/report``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._evidence = Evidence(desk)

    async def get(self, request: Request) -> Reply:
        """The report of a finished run."""
        run, language = request.arguments["run"], language_of(request)
        account = await self._account(run, language)
        form = FORMAT.raw(request) or "html"
        if form == "html":
            return Reply(body=page.page(account, style=STYLE_PATH).encode(), media="text/html; charset=utf-8")
        make, media = _PRINTED[form]
        name = f'attachment; filename="{run}.{form}"'.encode()
        body = await asyncio.to_thread(make, account)
        return Reply(body=body, media=media, headers=((b"Content-Disposition", name),))

    async def style(self, request: Request) -> Reply:  # noqa: ARG002
        """The style sheet of what is printed."""
        return Reply(body=page.STYLE.encode(), media="text/css; charset=utf-8", cache="max-age=3600")

    async def _account(self, run: str, language: str) -> Account:
        await self._evidence.finished(run)
        cited, compared = await self._evidence.cited(run), await self._evidence.compared(run)
        model = await self._desk.model(cited["model"])
        overrides = (cited["scenario_now"] or {}).get("overrides", ())
        measures = _measures(overrides, model["measures"], language)
        address = f"/api/runs/{run}/report?lang={language}"
        return run_account(cited, compared, measures, language, address=address)


def _measures(
    overrides: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]], language: str
) -> list[str]:
    """Each override as its measure's title with what was set."""
    titles = {one["name"]: one["title"] for one in known}
    return [
        f"{_told(titles.get(one['measure']), language) or one['measure']}{_set(one['parameters'])}"
        for one in overrides
    ]


def _told(texts: Mapping[str, str] | None, language: str) -> str:
    return (texts or {}).get(language) or (texts or {}).get("en", "")


def _set(parameters: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return f" ({given})" if given else ""
