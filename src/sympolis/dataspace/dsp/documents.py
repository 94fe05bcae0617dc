"""The documents that are asked for: catalogue, dataset, versions, services in DID documents (sections 4 and 5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from sympolis.dataspace.dsp.policies import CatalogueOffer
from sympolis.dataspace.dsp.shapes import UNSET, Identifier, Message, Shape, Unset
from sympolis.dataspace.dsp.vocabulary import CONTEXT

_DID: str = "https://www.w3.org/ns/did/v1"
Offers = Annotated[list[CatalogueOffer], msgspec.Meta(min_length=1)]


class DataService(Shape, frozen=True, kw_only=True):
    """Where a dataset may be negotiated for."""

    id: Identifier
    kind: Literal["DataService"] = msgspec.field(name="@type")
    endpoint_url: str
    serves_dataset: Annotated[list[Dataset], msgspec.Meta(min_length=1)] | Unset = UNSET


class Distribution(Shape, frozen=True, kw_only=True):
    """A format that a dataset may be had in."""

    kind: Any = msgspec.field(name="@type", default=UNSET)
    access_service: str | DataService
    format: str
    has_policy: Offers | Unset = UNSET


Distributions = Annotated[list[Distribution], msgspec.Meta(min_length=1)]


class Dataset(Shape, frozen=True, kw_only=True):
    """A dataset with its offers."""

    id: Identifier
    kind: Any = msgspec.field(name="@type", default=UNSET)
    has_policy: Offers
    distribution: Distributions


class RootDataset(Dataset, frozen=True, kw_only=True):
    """The same as a document of its own."""

    context: list[str]

    def __post_init__(self) -> None:
        Message.__post_init__(self)  # type: ignore[arg-type]


class Catalog(Shape, frozen=True, kw_only=True):
    """A catalogue, or one within another."""

    id: Identifier
    kind: Literal["Catalog"] = msgspec.field(name="@type")
    dataset: Annotated[list[Dataset], msgspec.Meta(min_length=1)] | Unset = UNSET
    catalog: Annotated[list[Catalog], msgspec.Meta(min_length=1)] | Unset = UNSET
    service: Annotated[list[DataService], msgspec.Meta(min_length=1)] | Unset = UNSET
    distribution: Distributions | Unset = UNSET
    has_policy: Unset = UNSET


class RootCatalog(Catalog, frozen=True, kw_only=True):
    """A participant's catalogue."""

    context: list[str]
    participant_id: str

    def __post_init__(self) -> None:
        Message.__post_init__(self)  # type: ignore[arg-type]


class CatalogRequestMessage(Message, frozen=True, kw_only=True):
    """Somebody asks for the catalogue. What a filter says is each implementation's own."""

    kind: Literal["CatalogRequestMessage"] = msgspec.field(name="@type")
    filter: list[Any] | Unset = UNSET


class QuerySpec(Shape, frozen=True, kw_only=True):
    """Which part of a catalogue: what Eclipse EDC always says as its filter. Conditions would be expressions in it."""

    kind: Literal["QuerySpec"] = msgspec.field(name="@type")
    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1)] = 50
    filter_expression: tuple[Any, ...] = ()
    sort_field: str | Unset = UNSET


class DatasetRequestMessage(Message, frozen=True, kw_only=True):
    """Somebody asks for one dataset; over HTTPS, a GET says the same."""

    kind: Literal["DatasetRequestMessage"] = msgspec.field(name="@type")
    dataset: Identifier


class CatalogError(Message, frozen=True, kw_only=True):
    """Why there is no catalogue, or no such dataset."""

    kind: Literal["CatalogError"] = msgspec.field(name="@type")
    code: str | Unset = UNSET
    reason: list[Any] | Unset = UNSET


class Auth(Shape, frozen=True, kw_only=True):
    """How callers say who they are."""

    protocol: str
    version: str
    profile: list[str] | Unset = UNSET


class Version(Shape, frozen=True, kw_only=True):
    """One version of the protocol and where it is."""

    version: str
    path: str
    binding: Literal["HTTPS"]
    identifier_type: str | Unset = UNSET
    service_id: str | Unset = UNSET
    auth: Auth | Unset = UNSET


class VersionResponse(Shape, frozen=True, kw_only=True):
    """``/.well-known/dspace-version``."""

    protocol_versions: Annotated[list[Version], msgspec.Meta(min_length=1)]


class DidService(Shape, frozen=True, kw_only=True):
    """A service entry of a DID document that leads to a catalogue; its context stands there, or at the document."""

    context: list[str] | Unset = UNSET
    name: str = msgspec.field(name="id")
    type: Literal["DataService", "CatalogService"]
    service_endpoint: Annotated[str, msgspec.Meta(pattern=r"https?://.*?/catalog$")]

    def __post_init__(self) -> None:
        if not isinstance(self.context, Unset) and not {CONTEXT, _DID} <= set(self.context):
            raise ValueError(f"@context has to name {CONTEXT} and {_DID}")
