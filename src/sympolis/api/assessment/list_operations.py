"""The routes of checklists and indicators with their documentation."""

from __future__ import annotations

from sympolis.api.assessment.describing import gives, operation
from sympolis.api.assessment.list_handlers import CATALOGUE, ListHandlers
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, several, structure


def list_operations(handlers: ListHandlers) -> tuple[Operation, ...]:
    """The routes."""
    return (*_checklists(handlers), *_indicators(handlers))


def _checklists(handlers: ListHandlers) -> tuple[Operation, ...]:
    item = "/checklists/{checklist}/items/{item}"
    saying = Body(
        structure({"mark": TEXT, "reason": TEXT, "evidence": several(TEXT)}, required=("mark", "reason")),
        example={"mark": "yes", "reason": "The data centre publishes its PUE: 1.2."},
    )
    return (
        operation(
            "GET", "/checklists", handlers.checklists, "listChecklists", "How checklists stand",
            answers=gives(structure({"checklists": several(OBJECT)})),
            text="Digital maturity (LORDIMAS), eco-design (RGESN), security as this twin is configured.",
        ),
        operation(
            "GET", "/checklists/{checklist}", handlers.checklist, "getChecklist", "A checklist with every item",
            answers=gives(OBJECT),
            text="`mark` is yes, no, n/a or open; `basis` says whether evidence, a person or nobody answered.",
        ),
        operation(
            "PUT", item, handlers.say, "answerChecklistItem", "Answer an item", body=saying, answers=gives(OBJECT)
        ),
        operation(
            "DELETE", item, handlers.unsay, "withdrawChecklistAnswer", "Take an answer back",
            answers={204: Answer("Evidence speaks again.")},
        ),
    )  # fmt: skip


def _indicators(handlers: ListHandlers) -> tuple[Operation, ...]:
    whole = gives(
        structure(
            {
                "catalogues": several(OBJECT),
                "indicators": several(OBJECT),
                "trend": several(OBJECT),
                "snapshot": OBJECT,
            }
        )
    )
    reporting = Body(
        structure(
            {"value": {"type": "number"}, "period": TEXT, "source": TEXT, "note": TEXT},
            required=("value", "period"),
        ),
        example={"value": 5.1, "period": "2026", "source": "Statistical office"},
    )
    return (
        operation(
            "GET", "/indicators", handlers.indicators, "getImpactIndicators", "Impact indicators and their trend",
            parameters=(CATALOGUE,), answers=whole,
            text="`basis`: counted by the twin, reported by somebody, or none. `datasets` carry data for it.",
        ),
        operation(
            "PUT", "/indicators/{indicator}", handlers.report, "reportIndicator", "Report a value", body=reporting,
            answers=whole,
        ),
        operation(
            "DELETE", "/indicators/{indicator}", handlers.unreport, "withdrawIndicator", "Take a value back",
            answers={204: Answer("What the twin counts stands again.")},
        ),
    )  # fmt: skip
