"""How good a dataset is: its figures now and before, its badge with the reasons, as JSON and as DQV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import LIMIT
from sympolis.api.reading import check_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, reference
from sympolis.governance.quality.badge import Badge, badge_of, badge_of_data
from sympolis.governance.quality.metrics import DIMENSIONS, METRICS

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator

TURTLE = "text/turtle"
_VARIES = ((b"vary", b"accept"),)


_LOOK_BACK = 20
"""So many evaluations are looked through for one of data that were taken."""


class QualityPages:
    """Handlers of ``/api/datasets/{dataset}/quality``."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    async def get(self, request: Request) -> Reply:
        """The newest figures, the badge and the trend; Turtle or JSON-LD for who asks for it."""
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        wanted = LIMIT.of(request)
        kept = [
            one.to_json() for one in self._coordinator.evaluations(dataset, limit=max(wanted, _LOOK_BACK))
        ]
        known = kept[:wanted]
        media = preferred(request.header(b"accept"), (JSON, TURTLE, LD_JSON))
        if media != JSON:
            return _graph(f"{request.base_url}/catalogue", dataset, known, media)
        status = self._coordinator.source(dataset)["status"]
        newest = known[0] if known else None
        shown = {
            "dataset": dataset,
            "status": status,
            "badge": badge_of_data(kept, status).to_json(),
            "newest": newest,
            "trend": [_point(one) for one in known],
            "metrics": [asdict(one) for one in METRICS.values()],
            "dimensions": DIMENSIONS,
        }
        return json_reply(shown, headers=_VARIES)


def badge_now(coordinator: Coordinator, source: str, status: str) -> Badge:
    """The badge of a source's data for a list; older evaluations are looked at only where the newest was refused."""
    newest = coordinator.evaluations(source, limit=1)
    if newest and not newest[0].taken:
        newest = coordinator.evaluations(source, limit=_LOOK_BACK)
    return badge_of_data([one.to_json() for one in newest], status)


def _point(evaluation: dict[str, Any]) -> dict[str, Any]:
    """One moment of the trend, without what is the same in all of them."""
    values = {_name(one): one["value"] for one in evaluation["measures"]}
    kept = {name: evaluation[name] for name in ("at", "occasion", "run", "taken", "rows", "data_version")}
    return {**kept, "badge": badge_of(evaluation).grade, "values": values}


def _name(measure: dict[str, Any]) -> str:
    return f"{measure['metric']}.{measure['attribute']}" if measure["attribute"] else str(measure["metric"])


def _graph(catalogue: str, dataset: str, evaluations: list[dict[str, Any]], media: str) -> Reply:
    from sympolis.governance.catalogue.graph import serialise
    from sympolis.governance.quality.measurements import quality_graph

    graph = quality_graph(f"{catalogue}/datasets/{dataset}", evaluations, catalogue)
    return Reply(body=serialise(graph, media), media=media, headers=_VARIES)


def operations(coordinator: Coordinator) -> tuple[Operation, ...]:
    """The routes."""
    pages = QualityPages(coordinator)
    return (
        Operation(
            method="GET",
            path="/api/datasets/{dataset}/quality",
            handle=pages.get,
            name="getDatasetQuality",
            title="How good a dataset is, now and before",
            tag="Datasets",
            path_texts={"dataset": "A dataset's id; it is that of its source."},
            parameters=(LIMIT,),
            answers={
                200: Answer(
                    "Badge, newest figures and trend; as RDF in the words of DQV.",
                    {JSON: reference("DatasetQuality"), TURTLE: {"type": "string"}, LD_JSON: OBJECT},
                )
            },
        ),
    )
