"""The routes of calls of partners' services and models, with their documentation."""

from __future__ import annotations

from sympolis.api.federation.calls import CALL, WAIT, Calls
from sympolis.api.federation.models import Models
from sympolis.api.federation.operations import route
from sympolis.api.parameters import LIMIT
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.api.schemas import OBJECT, TEXT, several, structure
from sympolis.domain.archives import ZIP

_TIMEOUT_S = 90.0


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none for a twin without contracts."""
    if parts.federation is None or parts.federation.calling is None:
        return ()
    return (*_calls(Calls(parts.federation.calling)), *_models(parts))


def _models(parts: ApiParts) -> tuple[Operation, ...]:
    """Learned models that travel; none where there are none."""
    federation = parts.federation
    if federation is None or federation.bringing is None or parts.desk is None:
        return ()
    handlers = Models(federation, parts.desk.learned, federation.bringing)
    asking = structure(
        {"partner": TEXT, "asset": TEXT, "agreement": TEXT, "licences": several(TEXT)},
        required=("partner", "asset"),
    )
    example = {"partner": "did:web:twin.city.example", "asset": "urn:sympolis:model:no2-next-hour"}
    return (
        route("GET", "/api/ai-models/{model}/signed-package", handlers.signed, "getSignedModel",
              "A model as it travels: package, bill of materials, and this twin's signature",
              {"type": "string", "format": "binary"}, media=ZIP, path_texts={"model": "A learned model's name."},
              tag="Learned models"),
        route("POST", "/api/federation/models", handlers.bring, "bringModel",
              "Bring a partner's learned model home as a draft", status=201, body=asking, example=example,
              timeout_s=_TIMEOUT_S,
              text="Its signature has to be the partner's, its licence one that is known or named here; its examples"
              " are run locked in: without files, network and other processes."),
    )  # fmt: skip


def _calls(handlers: Calls) -> tuple[Operation, ...]:
    path, one = "/api/federation/calls", "/api/federation/calls/{call}"
    asking = structure(
        {"partner": TEXT, "asset": TEXT, "agreement": TEXT, "inputs": OBJECT, "purposes": several(TEXT), "place": TEXT},
        required=("partner", "asset"),
    )  # fmt: skip
    example = {
        "partner": "did:web:twin.city.example",
        "asset": "urn:sympolis:service:entry-charge",
        "inputs": {"charge": 5},
    }
    texts = {"call": "The call's id."}
    return (
        route("GET", path, handlers.all, "listCalls", "Calls of partners' services and models, newest first",
              structure({"calls": several(CALL)}), parameters=(LIMIT,)),
        route("POST", path, handlers.call, "startCall", "Call a partner's service or model", CALL, status=202,
              body=asking, example=example, parameters=(WAIT,), timeout_s=_TIMEOUT_S,
              text="Under the agreement that is named, or the newest on it that holds; without one, 409."),
        route("GET", one, handlers.get, "getCall", "A call: how far it has come, and how its answer came about", CALL,
              path_texts=texts, parameters=(WAIT,), timeout_s=_TIMEOUT_S),
        route("DELETE", one, handlers.stop, "stopCall", "Stop a call, here and at the partner", CALL,
              path_texts=texts),
        route("GET", f"{one}/result", handlers.result, "getCallResult", "What the partner answered, as it came",
              OBJECT, path_texts=texts),
    )  # fmt: skip
