"""Decision files as people print and cite them: made off the event loop, in the reader's language."""

from __future__ import annotations

import asyncio

from sympolis.api.http import Request
from sympolis.api.negotiation import LANGUAGES
from sympolis.api.negotiation import language_of as accepted_language
from sympolis.api.parameters import Parameter
from sympolis.decision.account import account
from sympolis.decision.dossier import Decision
from sympolis.decision.printing import page as html
from sympolis.decision.printing.pdf import pdf as printed_pdf

LANGUAGE = Parameter(name="lang", text="In this language.", choices=tuple(LANGUAGES))
STYLE_PATH = "/decisions/style.css"


def language_of(request: Request) -> str:
    """What ``lang`` names, else what the browser prefers."""
    return LANGUAGE.raw(request) or accepted_language(request.header(b"accept-language"))


def page(decision: Decision, language: str) -> str:
    """The page that can be cited."""
    return html.page(account(decision, language, address=f"/decisions/{decision.id}"), style=STYLE_PATH)


async def pdf(decision: Decision, language: str) -> bytes:
    """The file as PDF. Raises ``NotImplementedHere`` where this twin makes none."""
    told = account(decision, language, address=f"/decisions/{decision.id}")
    return await asyncio.to_thread(printed_pdf, told)
