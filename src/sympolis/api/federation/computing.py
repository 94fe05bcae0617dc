"""The routes of compute-to-data for the people of a twin, with their documentation."""

from __future__ import annotations

from sympolis.api.federation.computations import ACTS, WAIT, Computations
from sympolis.api.federation.operations import route
from sympolis.api.parameters import LIMIT
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.api.schemas import INTEGER, NUMBER, OBJECT, TEXT, TIME, optional, several, structure
from sympolis.dataspace.computing.computation import State

_TIMEOUT_S = 120.0
_STATES = {"enum": [str(one) for one in State]}
_ONE = {
    "id": TEXT, "at": TIME, "changed": TIME, "agreement": TEXT, "transfer": TEXT, "partner": TEXT, "digest": TEXT,
    "state": _STATES, "why": TEXT, "rows": INTEGER, "cpu_s": NUMBER, "suppressed": OBJECT, "outputs": optional(OBJECT),
    "parameters": OBJECT, "purposes": several(TEXT), "place": TEXT, "declaration": OBJECT,
}  # fmt: skip
_NEEDED = ("id", "partner", "agreement", "state")
ASKED = structure(
    {**_ONE, "by": TEXT, "asset": TEXT, "peer": TEXT, "requests": several(TEXT)}, required=_NEEDED
)
SERVED = structure(
    {**_ONE, "dataset": TEXT, "request": TEXT, "script": TEXT, "decided": several(OBJECT)}, required=_NEEDED
)
_EXAMPLE = {
    "partner": "did:web:twin.city.example",
    "asset": "urn:sympolis:dataset:trees",
    "package": {
        "name": "tree-heights",
        "version": "1.0.0",
        "title": {"en": "Mean height of trees by genus"},
        "licence": "CC0-1.0",
        "columns": [
            {"name": "height", "attribute": "height", "unit": "MTR"},
            {"name": "genus", "attribute": "genus", "type": "text"},
        ],
        "algorithm": {
            "kind": "group-statistics",
            "group_by": ["genus"],
            "measures": [{"name": "mean_height", "statistic": "mean", "column": "height"}],
        },
        "min_group": 10,
    },
}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none for a twin without contracts."""
    federation = parts.federation
    if federation is None or federation.asking is None or federation.providing is None:
        return ()
    handlers = Computations(federation.asking, federation.providing)
    texts = {"computation": "The computation's id."}
    asking = structure(
        {
            "partner": TEXT, "asset": TEXT, "agreement": TEXT, "package": OBJECT, "model": TEXT, "script": TEXT,
            "parameters": OBJECT, "purposes": several(TEXT), "place": TEXT,
        },
        required=("partner", "asset", "package"),
    )  # fmt: skip
    deciding = structure({"act": {"enum": list(ACTS)}, "why": TEXT}, required=("act",))
    ours, theirs = "/api/federation/computations", "/api/federation/served-computations"
    return (
        route("GET", ours, handlers.all, "listComputations", "Our packages on partners' data, newest first",
              structure({"computations": several(OBJECT)}), parameters=(LIMIT,)),
        route("POST", ours, handlers.submit, "startComputation", "Have a package run on a partner's data", ASKED,
              status=201, body=asking, example=_EXAMPLE, parameters=(WAIT,), timeout_s=_TIMEOUT_S,
              text="It is signed by this twin and handed in under the agreement that is named, or the newest on it that"
              " holds. `model` is an ONNX file in base64, `script` a Python module, where the package says so."),
        route("GET", f"{ours}/{{computation}}", handlers.get, "getComputation",
              "How a computation stands at the partner, and its outputs", ASKED, path_texts=texts, parameters=(WAIT,),
              timeout_s=_TIMEOUT_S),
        route("GET", theirs, handlers.served, "listServedComputations", "Partners' packages on our data, newest first",
              structure({"computations": several(OBJECT)}), parameters=(LIMIT,)),
        route("GET", f"{theirs}/{{computation}}", handlers.one_served, "getServedComputation",
              "A partner's package with all that a decision rests on", SERVED, path_texts=texts, parameters=(WAIT,),
              timeout_s=_TIMEOUT_S),
        route("POST", f"{theirs}/{{computation}}/decision", handlers.decide, "decideServedComputation",
              "Approve or refuse a package, release or withhold its outputs", SERVED, body=deciding,
              example={"act": "approve", "why": "means by genus tell of no tree"}, path_texts=texts,
              parameters=(WAIT,), timeout_s=_TIMEOUT_S,
              text="An approval holds for this package, byte for byte, under this agreement."),
    )  # fmt: skip
