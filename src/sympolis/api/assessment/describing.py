"""How the routes of the programme desk are described: what all of them share."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.http import JSON
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import Schema

_TAG: Final = "Programme desk"
_BASE: Final = "/api/assessment"


def operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    """One route of the desk; ``path`` is below /api/assessment."""
    texts = {key: text for key, text in _IN_PATH.items() if f"{{{key}}}" in path}
    address = f"{_BASE}{path}"
    return Operation(
        method=method, path=address, handle=handle, name=name, title=title, tag=_TAG, path_texts=texts, **more
    )


_IN_PATH: Final = {
    "question": "A question's id, Q001 to Q036.",
    "mim": "MIM0 to MIM8.",
    "task": "A task's id.",
    "consortium": "A consortium's id.",
    "partner": "A partner's id in the consortium.",
    "strand": "A work strand: WS1, WS2 or WS3.",
    "diagram": "technical or functional.",
    "deliverable": "PD1 to PD5, or report.",
    "checklist": "lordimas, ecodesign or security.",
    "item": "An item's id.",
    "indicator": "An indicator's id, as the catalogue writes it.",
    "form": "page, docx or pdf.",
}


def gives(schema: Schema, *, status: int = 200) -> dict[int, Answer]:
    """The answers of an operation that gives JSON."""
    return {status: Answer("The answer.", {JSON: schema})}
