"""Dashboards: a city's own figures with interval, lineage and source, and the same of other places beside them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import ListParameter, Parameter
from sympolis.api.reading import is_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import BOOLEAN, NUMBER, OBJECT, TEXT, TEXTS, Schema, optional, several, structure
from sympolis.context import gated
from sympolis.context.terms import Terms
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.analysis.dashboards.plan import DashboardPlan
    from sympolis.orchestration.dashboard_desk import DashboardDesk

DAY: Final = Parameter(
    name="date",
    text="The key date (ISO 8601); the dashboard's own unless given.",
    max_length=10,
    example="2024-12-31",
)
KEYS: Final = ListParameter(name="keys", text="Official codes of the places to compare with.", max_items=50)
_JSON: Final = "application/json"
_TAG: Final = "Dashboards"
_PATH: Final = {"dashboard": "A dashboard's id."}
_SUMMARY: Final[dict[str, Schema]] = {"id": TEXT, "title": TEXTS, "question": TEXTS}
INTERVAL: Final = structure({"low": NUMBER, "high": NUMBER, "level": optional(NUMBER), "basis": TEXTS})
OFFICIAL: Final = structure({
    "value": NUMBER, "source": TEXT, "url": optional(TEXT), "difference": optional(NUMBER),
    "difference_percent": optional(NUMBER), "agrees": optional(BOOLEAN), "tolerance_percent": NUMBER, "why": TEXTS,
})  # fmt: skip
LIMIT: Final = structure({
    "value": NUMBER, "title": TEXTS, "source": TEXT, "url": optional(TEXT), "since": optional(TEXT),
    "exceeded": optional(BOOLEAN),
})  # fmt: skip
FIGURE: Final = structure(
    {
        "id": TEXT, "title": TEXTS, "unit": TEXT, "decimals": NUMBER, "direction": TEXT,
        "state": {"enum": ["ready", "working", "missing"]},
        "problem": optional(TEXT), "reason": optional(TEXTS),
        "value": optional(NUMBER), "interval": optional(INTERVAL), "at": optional(TEXT), "count": optional(NUMBER),
        "days": optional(OBJECT), "fresh_hours": optional(NUMBER), "limits": several(LIMIT),
        "method": TEXTS, "factor": optional(OBJECT), "source": optional(TEXT), "run": optional(TEXT),
        "lineage": several(TEXT), "official": optional(OFFICIAL),
    },
    required=("id", "title", "unit", "state", "value", "interval", "lineage"),
)  # fmt: skip
DASHBOARD: Final = structure(
    {
        **_SUMMARY, "key_date": TEXT, "rule": TEXTS, "figures": several(FIGURE), "tiles": several(OBJECT),
        "trends": several(OBJECT), "peers": BOOLEAN, "findings": several(OBJECT),
    },
    required=("id", "title", "key_date", "figures", "tiles", "trends", "findings"),
)  # fmt: skip


class DashboardPages:
    """Handlers of ``/api/dashboards``."""

    def __init__(self, desk: DashboardDesk, terms: Terms) -> None:
        self._desk = desk
        self._terms = terms

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Those of which whoever asks may see everything."""
        shown = [one for one in self._desk.plans if self._may(one)]
        found = [{"id": one.id, "title": one.title, "question": one.question} for one in shown]
        return json_reply({"dashboards": found})

    async def get(self, request: Request) -> Reply:
        """One with all its figures."""
        plan = self._asked(request)
        return json_reply(await self._desk.get(plan.id, _day(DAY.raw(request))))

    async def peers(self, request: Request) -> Reply:
        """This city among others."""
        return json_reply(await self._desk.peers(self._asked(request).id, KEYS.of(request)))

    def _may(self, plan: DashboardPlan) -> bool:
        sources = {one.source for one in plan.figures if one.source}
        return all(gated.shows((self._terms.expand(kind),)) for kind in plan.types) and all(
            map(is_listed, sources)
        )

    def _asked(self, request: Request) -> DashboardPlan:
        """What is summed up over entities says something of them: who may not see these does not get it."""
        plan = self._desk.plan(request.arguments["dashboard"])
        for kind in plan.types:
            gated.ask_for(self._terms.expand(kind))
        return plan


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise errors.InvalidRequest("expected a day such as 2024-12-31", where="date") from None


def operations(desk: DashboardDesk, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages, path = DashboardPages(desk, terms), "/api/dashboards/{dashboard}"
    listed = structure({"dashboards": several(structure(_SUMMARY))}, required=("dashboards",))
    return (
        Operation(
            method="GET", path="/api/dashboards", handle=pages.list, name="listDashboards",
            title="The city's dashboards", tag=_TAG, answers={200: Answer("The dashboards.", {_JSON: listed})},
        ),
        Operation(
            method="GET", path=path, handle=pages.get, name="getDashboard", title="A dashboard with its figures",
            tag=_TAG, path_texts=_PATH, parameters=(DAY,),
            text="Each figure says its interval and why it is so wide, its lineage, its source, what others publish "
            "for the same, and why that differs. `findings` lists contradictions and gaps of the data.",
            answers={200: Answer("The dashboard.", {_JSON: DASHBOARD})},
        ),
        Operation(
            method="GET", path=f"{path}/peers", handle=pages.peers, name="getDashboardPeers",
            title="The city among others", tag=_TAG, path_texts=_PATH, parameters=(KEYS,),
            text="Value, rank from the top and the share of places that have less, for this city and those asked for.",
            answers={200: Answer("The comparison.", {_JSON: OBJECT})},
        ),
    )  # fmt: skip
