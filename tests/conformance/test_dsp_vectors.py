"""Messages of the Dataspace Protocol: the 83 vectors and 24 examples of its repository, and its schemas on ours.

They lie beside the project (``../shared/conformance``), never in it. What the platform decodes must be what the
schemas take; what the platform writes is checked by the schemas themselves in ``tests/integration/test_dsp_*``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.dataspace.dsp import documents, messages, policies
from sympolis.dataspace.dsp.shapes import read
from sympolis.domain.errors import BadRequestData

SUITE = Path(__file__).parents[2].parent / "shared" / "conformance" / "dsp-2025-1"
pytestmark = pytest.mark.skipif(
    not SUITE.is_dir(), reason="the protocol's vectors are not beside the project"
)

SHAPES: dict[str, Any] = {
    "catalog/catalog-error-schema.json": documents.CatalogError,
    "catalog/catalog-request-message-schema.json": documents.CatalogRequestMessage,
    "catalog/catalog-schema.json": documents.RootCatalog,
    "catalog/dataset-request-message-schema.json": documents.DatasetRequestMessage,
    "catalog/dataset-schema.json": documents.RootDataset,
    "common/did-service-schema.json": documents.DidService,
    "common/protocol-version-schema.json": documents.VersionResponse,
    "negotiation/contract-agreement-message-schema.json": messages.ContractAgreementMessage,
    "negotiation/contract-agreement-verification-message-schema.json": messages.ContractAgreementVerificationMessage,
    "negotiation/contract-negotiation-error-schema.json": messages.ContractNegotiationError,
    "negotiation/contract-negotiation-event-message-schema.json": messages.ContractNegotiationEventMessage,
    "negotiation/contract-negotiation-schema.json": messages.ContractNegotiation,
    "negotiation/contract-negotiation-termination-message-schema.json": messages.ContractNegotiationTerminationMessage,
    "negotiation/contract-offer-message-schema.json": messages.ContractOfferMessage,
    "negotiation/contract-request-message-schema.json": messages.ContractRequestMessage,
    "negotiation/contract-schema.json": (policies.MessageOffer, policies.CatalogueOffer, policies.AgreementShape),
    "transfer/data-address-schema.json": messages.DataAddress,
    "transfer/transfer-completion-message-schema.json": messages.TransferCompletionMessage,
    "transfer/transfer-error-schema.json": messages.TransferError,
    "transfer/transfer-process-schema.json": messages.TransferProcess,
    "transfer/transfer-request-message-schema.json": messages.TransferRequestMessage,
    "transfer/transfer-schema.json": messages.Explained,
    "transfer/transfer-start-message-schema.json": messages.TransferStartMessage,
    "transfer/transfer-suspension-message-schema.json": messages.TransferSuspensionMessage,
    "transfer/transfer-termination-message-schema.json": messages.TransferTerminationMessage,
}  # fmt: skip
EXAMPLES = {
    "catalogservice-did-service": "did-service",
    "contract-agreement-message-full": "contract-agreement-message",
    "contract-offer-message_initial": "contract-offer-message",
    "contract-request-message_initial": "contract-request-message",
    "dataservice-did-service": None,
    "nested-catalog": "catalog",
}
"""The schema of an example where its name does not say it; None: it breaks the schema itself (its address does not end
in /catalog)."""


def vectors() -> list[Any]:
    if not SUITE.is_dir():
        return []
    found = json.loads((SUITE / "vectors" / "schema-cases.json").read_text())
    return [pytest.param(one, id=one["id"]) for one in found]


def examples() -> list[Any]:
    paths = sorted((SUITE / "examples").rglob("*.json")) if SUITE.is_dir() else []
    return [pytest.param(path, id=path.stem) for path in paths]


def takes(schema: str, document: Any) -> bool:
    shapes = SHAPES[schema]
    fitting = 0
    for shape in shapes if isinstance(shapes, tuple) else (shapes,):
        try:
            read(document, shape)
            fitting += 1
        except BadRequestData:
            pass
    return fitting > 0


@pytest.mark.parametrize("case", vectors())
def test_vector(case: Any) -> None:
    assert takes(case["schema"], case["data"]) is case["valid"]


def test_all_vectors_are_there() -> None:
    assert len(vectors()) == 83


@pytest.mark.parametrize("path", examples())
def test_example(path: Path) -> None:
    name = EXAMPLES.get(path.stem, path.stem)
    if name is None:
        with pytest.raises(BadRequestData, match="matching regex"):
            read(json.loads(path.read_text()), documents.DidService)
        return
    assert takes(f"{path.parent.name}/{name}-schema.json", json.loads(path.read_text()))


@pytest.mark.parametrize("path", examples())
def test_what_was_read_is_written_again(path: Path) -> None:
    """Every member that a schema names comes back as it was."""
    name = EXAMPLES.get(path.stem, path.stem)
    if name is None:
        pytest.skip("an example that its own schema refuses")
    document = json.loads(path.read_text())
    shape = SHAPES[f"{path.parent.name}/{name}-schema.json"]
    written = msgspec.to_builtins(read(document, shape))
    assert {key: written[key] for key in document if key in written} == document
