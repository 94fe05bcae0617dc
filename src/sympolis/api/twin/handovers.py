"""Files handed over by departments: sent, examined, given back with remarks, released."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from sympolis.acquisition.handover import Handovers, Report
from sympolis.acquisition.remarks import LANGUAGES
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.domain import errors

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE = "application/octet-stream"
MEDIA = (
    WORKBOOK,
    FILE,
    "text/csv",
    "application/json",
    "application/zip",
    "application/geo+json",
    "application/geopackage+sqlite3",
)

NAME = Parameter(name="name", text="The file's name.", required=True, max_length=200)
SENDER = Parameter(
    name="sender", text="Who hands it over: a person or a department.", required=True, max_length=200
)
LANGUAGE = Parameter(name="lang", text="Language of the remarks.", choices=LANGUAGES)


class HandoverPages:
    """Handlers of ``/api/sources/{source}/handovers``."""

    def __init__(self, handovers: Handovers) -> None:
        self._handovers = handovers

    async def submit(self, request: Request) -> Reply:
        """Take a file and say what it would do."""
        if request.media_type not in MEDIA:
            raise errors.UnsupportedMediaType(f"expected one of {', '.join(MEDIA)}", where="Content-Type")
        report = await self._handovers.submit(
            request.arguments["source"],
            await request.body(),
            name=_said(NAME, request),
            sender=_said(SENDER, request),
            language=LANGUAGE.raw(request) or "en",
        )
        return json_reply(_shown(report), status=201, headers=((b"location", _path(report).encode()),))

    async def list(self, request: Request) -> Reply:
        """The handovers of a source, newest first."""
        return json_reply([_shown(one) for one in self._handovers.all(request.arguments["source"])])

    async def get(self, request: Request) -> Reply:
        """One handover with every remark."""
        return json_reply(_shown(self._handovers.get(**_which(request))))

    async def marked(self, request: Request) -> Reply:
        """The sender's own file with the cells marked."""
        name, content = self._handovers.marked_copy(**_which(request))
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}".encode()
        return Reply(body=content, media=WORKBOOK, headers=((b"content-disposition", disposition),))

    async def release(self, request: Request) -> Reply:
        """Let it into the twin."""
        document = await read_object(request)
        by, accept = document.get("by"), document.get("accept", False)
        if not isinstance(by, str) or not by.strip():
            raise errors.InvalidRequest("expected who releases it", where="by")
        if not isinstance(accept, bool) or set(document) - {"by", "accept"}:
            raise errors.InvalidRequest(
                "expected by, accept (true or false) and nothing else", where="accept"
            )
        report, summary = await self._handovers.release(**_which(request), by=by[:200], accept=accept)
        return json_reply({**_shown(report), "summary": summary.to_json()})


def _said(parameter: Parameter, request: Request) -> str:
    text = (parameter.raw(request) or "").strip()
    if not text:
        raise errors.InvalidRequest("the parameter is empty", where=parameter.name)
    return text


def _which(request: Request) -> dict[str, str]:
    return {"source_id": request.arguments["source"], "handover_id": request.arguments["handover"]}


def _path(report: Report) -> str:
    return f"/api/sources/{quote(report.source)}/handovers/{quote(report.id)}"


def _shown(report: Report) -> dict[str, Any]:
    links = {"marked_copy": f"{_path(report)}/marked" if report.marked else None}
    return {**msgspec.to_builtins(report), **links}
