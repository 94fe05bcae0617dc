"""Self-descriptions of what we offer, in the classes of the SIMPL core ontology and valid against its shapes.

Built from the catalogue that the twin serves anyway: nothing is told to SIMPL that DCAT-AP does not say. Where a shape
wants what a city has not (a price, one of three contract templates), the plan says it; a text that a shape's pattern
would refuse is simplified, never left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.simpl.plan import SimplPlan
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import DataService, Dataset

Json = dict[str, Any]
CONTEXT: Final = {
    "simpl": "http://w3id.org/gaia-x/simpl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LANGUAGES: Final = frozenset(
    {"bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu"}
    | {"ga", "it", "lv", "lt", "mt", "pl", "pt", "ro", "sk", "sl", "es", "sv"}
)
"""Those that the shapes know: the official languages of the Union."""
_FORMATS: Final = {
    "application/ld+json": "JSON LD",
    "application/geo+json": "GeoJSON",
    "application/vnd.apache.parquet": "Parquet",
    "text/csv": "CSV",
}
_PLAIN: Final = re.compile(r"[^A-Za-z0-9\s]+")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who offers: DID, address, where contracts are made, and the rulebook that goes with them."""

    did: str
    address: str
    dsp_url: str
    rulebook: Mapping[str, Any]
    plan: SimplPlan
    keys: KeyRing


def of_dataset(one: Dataset, provider: Provider) -> Json:
    """A data offering."""
    language = _language(one.title)
    properties = {
        "@type": "simpl:DataProperties",
        "simpl:format": next(
            (name for way in one.distributions if (name := _FORMATS.get(way.media_type))), "GeoJSON"
        ),
        "simpl:additionalInfo": _uri(one.landing_page),
        "simpl:openApi": _uri(f"{provider.address}/openapi.json"),
        "simpl:dataQuality": _plain(f"quality {one.badge.grade}"),
        "simpl:encryption": "TLS in transit",
    }
    own = {"simpl:dataProperties": properties}
    return _offering("Data", one.id, one.iri, (one.title, one.description, one.keywords), own, provider) | {
        "simpl:offeringPrice": _price(licence_of(one.licence).iri, provider.plan),
        "simpl:generalServiceProperties": _general(
            one.title, one.description, one.keywords, one.landing_page, language, "data"
        ),
    }


def of_service(one: DataService, provider: Provider) -> Json:
    """An application offering: an interface or a service that answers a question of the city."""
    properties = {
        "@type": "simpl:ApplicationProperties",
        "simpl:package": _plain(_text(one.title, _language(one.title))) or "service",
        "simpl:link": _uri(one.endpoint_url),
        "simpl:openApi": _uri(f"{provider.address}/openapi.json"),
        "simpl:url": _uri(one.page),
    }
    own = {"simpl:applicationProperties": properties}
    language = _language(one.title)
    return _offering("Application", one.id, one.iri, (one.title, one.description, ()), own, provider) | {
        "simpl:offeringPrice": _price("https://www.apache.org/licenses/LICENSE-2.0", provider.plan),
        "simpl:generalServiceProperties": _general(
            one.title, one.description, (), one.endpoint_url, language, "application"
        ),
    }


def _offering(
    kind: str, local: str, iri: str, told: tuple[Any, ...], own: Mapping[str, Any], provider: Provider
) -> Json:
    """What every offering says; signed over what it is about."""
    document = {
        "@context": CONTEXT,
        "@id": f"{provider.did}:{kind.lower()}-offering:{local}",
        "@type": f"simpl:{kind}Offering",
        **own,
        "simpl:assetProperties": {
            "@type": "simpl:AssetProperties",
            "simpl:providerDataAddress": iri,
        },
        "simpl:servicePolicy": {
            "@type": "simpl:ServicePolicy",
            "simpl:access-policy": f'{{"partner": "{provider.did}#MembershipCredential"}}',
            "simpl:usage-policy": f'{{"offers": "{provider.dsp_url}/catalog/request"}}',
        },
        "simpl:contractTemplate": _template(provider),
        "simpl:edcConnector": {
            "@type": "simpl:EdcConnector",
            "simpl:providerEndpointURL": provider.dsp_url,
        },
        "simpl:edcRegistration": {
            "@type": "simpl:EdcRegistration",
            "simpl:assetId": iri,
            "simpl:accessPolicyId": f"{iri}#access",
            "simpl:servicePolicyId": f"{iri}#usage",
            "simpl:contractDefinitionId": f"{iri}#contract",
        },
    }
    signature = _signature({"id": document["@id"], "told": told, "own": own}, provider)
    return document | {
        "simpl:providerInformation": {
            "@type": "simpl:ProviderInformation",
            "simpl:providedBy": provider.plan.organisation,
            "simpl:contact": provider.plan.contact,
            "simpl:signature": signature,
        }
    }


def _template(provider: Provider) -> Json:
    return {
        "@type": "simpl:ContractTemplate",
        "simpl:contractTemplateDocument": provider.plan.contract_template,
        "simpl:contractTemplateHashAlg": "SHA-256",
        "simpl:contractTemplateHashValue": _digest(provider.rulebook),
        "simpl:contractTemplateURL": f"{provider.address}/api/federation/rulebook",
    }


def _general(
    title: Mapping[str, str],
    description: Mapping[str, str],
    keywords: tuple[str, ...],
    access: str,
    language: str,
    kind: str,
) -> Json:
    named = _text(title, language)
    return {
        "@type": "simpl:GeneralServiceProperties",
        "simpl:name": named[:255],
        "simpl:description": (_text(description, language) or named)[:1000],
        "simpl:serviceAccessPoint": _uri(access),
        "simpl:keywords": [one[:50] for one in keywords if re.search("[A-Za-z]", one)][:16],
        "simpl:inLanguage": language,
        "simpl:offeringType": kind,
    }


def _price(licence: str, plan: SimplPlan) -> Json:
    return {
        "@type": "simpl:OfferingPrice",
        "simpl:license": _uri(licence),
        "simpl:currency": plan.currency,
        "simpl:price": {"@type": "xsd:decimal", "@value": f"{plan.price:.2f}"},
        "simpl:priceType": "commercial" if plan.price else "free",
    }


def _signature(told: Any, provider: Provider) -> str:
    """A JWS of our key over what is described, in hexadecimal: the shape takes letters and digits alone."""
    claims = {"iss": provider.did, "digest": _digest(told)}
    return provider.keys.sign({"typ": "JWT"}, claims, did=provider.did).encode("ascii").hex()


def _digest(told: Any) -> str:
    plain = msgspec.json.encode(
        told, enc_hook=lambda one: dict(one) if isinstance(one, Mapping) else str(one)
    )
    return hashlib.sha256(msgspec.json.encode(msgspec.json.decode(plain), order="sorted")).hexdigest()


def _language(said: Mapping[str, str]) -> str:
    """English where there is a text, else the first official language that there is."""
    known = [one for one in ("en", *said) if one in said and one in _LANGUAGES]
    return known[0] if known else "en"


def _text(said: Mapping[str, str], language: str) -> str:
    return said.get(language) or next(iter(said.values()), "")


def _plain(said: str) -> str:
    """Letters, digits and spaces alone, as some patterns want it."""
    return " ".join(_PLAIN.sub(" ", said).split())


def _uri(address: str) -> Json:
    return {"@type": "xsd:anyURI", "@value": address}
