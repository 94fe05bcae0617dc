"""The rulebook: who may take part, how they prove it and what holds between them, for programs to read.

What a programme's lawyers write stays in their document; here stands what a partner's twin has to know to deal with
this one, and every line of it is read from what the twin does, not written beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sympolis.dataspace.credentials import credential, self_issued, status
from sympolis.dataspace.credentials.anchors import Anchor
from sympolis.dataspace.credentials.identity import KNOWN_FOR_S, PARTNER_ROLE
from sympolis.dataspace.credentials.keys import ALGORITHM
from sympolis.dataspace.credentials.signed import ALGORITHMS

VERSION: Final = "1.0"


def rulebook(
    own: str, title: Mapping[str, str], anchors: Sequence[Anchor], services: Mapping[str, str]
) -> dict[str, Any]:
    """What holds at the participant ``own``. ``services`` are its endpoints by type."""
    return {
        "id": f"{own}#rulebook",
        "version": VERSION,
        "participant": own,
        "title": dict(title),
        "endpoints": dict(services),
        "identity": {
            "method": "did:web",
            "keys": ALGORITHM,
            "accepts": list(ALGORITHMS),
            "message_lasts_s": self_issued.LONGEST_S,
            "each_message_counts_once": True,
        },
        "credentials": {
            "protocol": "https://w3id.org/dspace-dcp/v1.0",
            "profile": credential.PROFILE,
            "types": [credential.MEMBERSHIP, credential.ROLE],
            "last_days": credential.LASTS.days,
            "revocation": {
                "kind": status.ENTRY,
                "felt_within_s": KNOWN_FOR_S + status.LASTS_S,
            },
        },
        "trust_anchors": [{"id": own, "types": [credential.MEMBERSHIP, credential.ROLE]}]
        + [{"id": one.id, "types": list(one.types), "title": one.title} for one in anchors],
        "membership": {
            "by": ["an administrator adds the partner", "an invitation", "a credential of a trust anchor"],
            "role": PARTNER_ROLE,
        },
        "contracts": {
            "protocol": "https://docs.internationaldataspaces.org/ids-knowledgebase/dataspace-protocol",
            "version": "2025-1",
            "policies": "http://www.w3.org/ns/odrl/2/",
            "nothing_leaves_without_an_agreement": True,
            "policy_is_asked_at_every_request": True,
        },
    }
