"""The names of ODRL that the engine understands (W3C ODRL Vocabulary & Expression 2.2)."""

from __future__ import annotations

from typing import Final

ODRL: Final = "http://www.w3.org/ns/odrl/2/"
PREFIXES: Final = {
    "odrl": ODRL,
    "cc": "http://creativecommons.org/ns#",
    "dcterms": "http://purl.org/dc/terms/",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dpv": "https://w3id.org/dpv#",
}

_INCLUDED_IN: Final = {
    "use": (
        "acceptTracking aggregate annotate anonymize archive attribute compensate concurrentUse delete derive "
        "digitize distribute ensureExclusivity execute grantUse include index inform install modify move "
        "nextPolicy obtainConsent play present print read reproduce reviewPolicy stream synchronize "
        "textToSpeech transform translate uninstall watermark lease lend license pay preview secondaryUse "
        "ensurePermission commercialize shareAlike write"
    ),
    "transfer": "sell give",
    "play": "display",
    "reproduce": "extract copy",
    "modify": "append appendTo",
    "transform": "export",
    "distribute": "share",
}
_CREATIVE_COMMONS: Final = (
    "Attribution CommericalUse CommercialUse DerivativeWorks Distribution Notice Reproduction ShareAlike Sharing "
    "SourceCode"
)

BROADER_ACTION: Final = {
    **{ODRL + narrow: ODRL + broad for broad, names in _INCLUDED_IN.items() for narrow in names.split()},
    **{PREFIXES["cc"] + name: ODRL + "use" for name in _CREATIVE_COMMONS.split()},
}
"""``odrl:includedIn``: doing the narrower action is doing the broader one."""


def action_lineage(action: str) -> tuple[str, ...]:
    """The action and everything that it is included in, narrowest first."""
    found = [action]
    while found[-1] in BROADER_ACTION:
        found.append(BROADER_ACTION[found[-1]])
    return tuple(found)


def expand(name: str) -> str:
    """A term or a compact IRI as an IRI; what is one already stays as it is."""
    head, separator, tail = name.partition(":")
    if not separator:
        return ODRL + name
    return PREFIXES[head] + tail if head in PREFIXES else name


def short(iri: str) -> str:
    """The last part of an IRI, for people."""
    return iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
