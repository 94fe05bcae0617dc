"""The routes of decision files with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.decisions.handlers import Decisions
from sympolis.api.decisions.printed import LANGUAGE, STYLE_PATH
from sympolis.api.decisions.reports import FORMAT, Reports
from sympolis.api.http import JSON
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, OBJECT, TEXT, TIME, Schema, reference, several, structure
from sympolis.decision.printing.docx import MEDIA as DOCX
from sympolis.decision.printing.pdf import MEDIA as PDF

_TAG: Final = "Decisions"
_BRIEF: Final[dict[str, Schema]] = {
    "id": TEXT,
    "title": TEXT,
    "question": TEXT,
    "status": {"type": "string", "enum": ["draft", "adopted", "rejected", "deferred"]},
    "author": TEXT,
    "created_at": TIME,
    "modified_at": TIME,
    "page": TEXT,
}
_SEAL: Final = structure(
    {
        "kind": {"type": "string", "enum": ["decision", "measured"]},
        "at": TIME,
        "by": TEXT,
        "content": OBJECT,
        "before": TEXT,
        "digest": TEXT,
        "signature": TEXT,
    }
)
SCHEMAS: Final[dict[str, Schema]] = {
    "DecisionBrief": structure(_BRIEF),
    "Decision": structure(
        {
            **_BRIEF,
            "notes": TEXT,
            "runs": several(TEXT),
            "contributions": several(TEXT),
            "seals": several(_SEAL),
        }
    ),
}
_DRAFT: Final = Body(
    structure(
        {
            "title": TEXT,
            "question": TEXT,
            "notes": TEXT,
            "runs": several(TEXT),
            "contributions": several(TEXT),
        },
        required=("title", "question"),
    ),
    example={"title": "Via Saffi", "question": "Should Via Saffi be limited to 30 km/h?", "runs": ["run-…"]},
)
_DECIDING: Final = Body(
    structure({"outcome": TEXT, "run": TEXT, "reasons": TEXT}, required=("outcome", "reasons")),
    example={
        "outcome": "adopted",
        "run": "run-…",
        "reasons": "Less noise for most, no clear change in delay.",
    },
)
_MEASURING: Final = Body(
    structure({"since": TEXT, "until": TEXT}, required=("since",)), example={"since": "2026-03-01"}
)
_ID: Final = {"decision": "A decision file's id."}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of reports where there are runs, those of files where this twin keeps any."""
    found = () if parts.desk is None else _reports(Reports(parts.desk))
    if parts.decisions is None:
        return found
    handlers = Decisions(parts, parts.decisions)
    return (*found, *_drafts(handlers), *_decided(handlers), *_printed(handlers))


def _reports(handlers: Reports) -> tuple[Operation, ...]:
    binary: Schema = {"type": "string", "format": "binary"}
    content = {"text/html": TEXT, PDF: binary, DOCX: binary}
    return (
        Operation(
            method="GET", path="/api/runs/{run}/report", handle=handlers.get, name="reportRun",
            title="A scenario's report to read, print and hand round", tag="Runs",
            parameters=(FORMAT, LANGUAGE), path_texts={"run": "A finished run's id."},
            answers={200: Answer("The report.", content)},
        ),
        Operation(
            method="GET", path=STYLE_PATH, handle=handlers.style, name="getDecisionStyle",
            title="Style of the pages", tag=_TAG, answers={200: Answer("The style sheet.", {"text/css": TEXT})},
        ),
    )  # fmt: skip


def _operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    texts = _ID if "{decision}" in path else {}
    return Operation(
        method=method, path=path, handle=handle, name=name, title=title, tag=_TAG, path_texts=texts, **more
    )


def _gives(schema: Schema, *, status: int = 200) -> dict[int, Answer]:
    return {status: Answer("The answer.", {JSON: schema})}


def _drafts(handlers: Decisions) -> tuple[Operation, ...]:
    one, file = "/api/decisions/{decision}", reference("Decision")
    listed = structure({"decisions": several(reference("DecisionBrief"))})
    return (
        _operation("GET", "/api/decisions", handlers.list, "listDecisions", "Decision files", answers=_gives(listed)),
        _operation(
            "POST", "/api/decisions", handlers.open, "openDecision", "Open a decision file", body=_DRAFT,
            answers=_gives(file, status=201),
        ),
        _operation("GET", one, handlers.get, "getDecision", "A decision file with its seals", answers=_gives(file)),
        _operation("PUT", one, handlers.edit, "editDecision", "Change a draft", body=_DRAFT, answers=_gives(file)),
        _operation(
            "DELETE", one, handlers.discard, "discardDecision", "Throw a draft away",
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip


def _decided(handlers: Decisions) -> tuple[Operation, ...]:
    one, file = "/api/decisions/{decision}", reference("Decision")
    verdict = structure(
        {
            "decision": TEXT,
            "sealed": BOOLEAN,
            "intact": BOOLEAN,
            "faults": several(TEXT),
            "runs": several(OBJECT),
        }
    )
    return (
        _operation(
            "POST", f"{one}/decision", handlers.decide, "takeDecision", "Decide, and seal the file",
            body=_DECIDING, answers=_gives(file),
            text="The evidence is gathered at this moment, hashed, chained and signed; nothing of it changes later.",
        ),
        _operation(
            "POST", f"{one}/measurements", handlers.measure, "measureDecision",
            "What was measured since the measure began", body=_MEASURING, answers=_gives(file, status=201),
        ),
        _operation(
            "GET", f"{one}/verification", handlers.verify, "verifyDecision",
            "Whether seals hold and runs still say what they said", answers=_gives(verdict),
        ),
    )  # fmt: skip


def _printed(handlers: Decisions) -> tuple[Operation, ...]:
    return (
        _operation(
            "GET", "/decisions/{decision}", handlers.page, "showDecision", "A decision file to read, cite and print",
            parameters=(LANGUAGE,), answers={200: Answer("The page.", {"text/html": TEXT})},
        ),
        _operation(
            "GET", "/api/decisions/{decision}/pdf", handlers.pdf, "printDecision", "A decision file as PDF",
            parameters=(LANGUAGE,),
            answers={200: Answer("The file.", {"application/pdf": {"type": "string", "format": "binary"}})},
        ),
    )  # fmt: skip
