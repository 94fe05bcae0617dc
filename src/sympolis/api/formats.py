"""The ways in which another twin may have a dataset, or have something computed, and the operations of each way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sympolis.dataspace.dsp.vocabulary import COMPUTE, HTTP_PULL, INFERENCE, MODEL_PACKAGE, PROCESSES


@dataclass(frozen=True, slots=True)
class Format:
    """A way to what is offered: the operations that belong to it, and where it begins. ``kind``: {kind} is the type's
    name, {iri} its IRI, {dataset} the dataset's id; {process} and {model} what may be called."""

    name: str
    operations: frozenset[str]
    start: str
    located: bool = False
    """Only for what has a place."""


FORMATS: Final = (
    Format(HTTP_PULL, frozenset({"downloadDataset"}), "/api/datasets/{dataset}/download?f=geojson"),
    Format(
        "File-PULL", frozenset({"downloadDataset", "downloadHistory"}), "/api/datasets/{dataset}/download"
    ),
    Format(
        "NGSI-LD-PULL",
        frozenset({"queryEntities", "retrieveEntity", "queryTemporal", "retrieveTemporal"}),
        "/ngsi-ld/v1/entities?type={iri}",
    ),
    Format(
        "OGC-Features-PULL",
        frozenset({"describeCollection", "getQueryables", "getFeatures", "getFeature"}),
        "/ogc/collections/{kind}/items",
        located=True,
    ),
    Format("LDES-PULL", frozenset({"getStream"}), "/ldes/{kind}"),
    Format(COMPUTE, frozenset(), "/computations"),
)
"""What a dataset may be had as; as ``COMPUTE`` it is not had at all (``api.dsp.computing``). The first is the name by
which Eclipse EDC asks for anything over HTTP.
"""
CALLS: Final = (
    Format(
        PROCESSES,
        frozenset({"getProcessDescription", "execute", "getStatus", "getResult", "dismiss", "getLineage"}),
        "/ogc/processes/{process}",
    ),
    Format(INFERENCE, frozenset({"getModelMetadata", "inferModel"}), "/v2/models/{model}"),
    Format(MODEL_PACKAGE, frozenset({"getSignedModel"}), "/api/ai-models/{model}/signed-package"),
)
"""What a service or a model may be called by: OGC API - Processes, Open Inference Protocol v2; and how it travels."""
BY_NAME: Final = {one.name: one for one in (*FORMATS, *CALLS)}
