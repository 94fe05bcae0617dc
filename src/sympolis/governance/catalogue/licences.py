"""What licence codes stand for: their IRI, and what they ask of whoever uses the data.

Codes are SPDX's; the duties are a summary for people and for policies, not legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence: whether the source must be named, and whether what is derived must be shared alike."""

    code: str
    iri: str
    title: str
    attribution: bool = True
    share_alike: bool = False
    register_title: str = ""
    """What the register that CKAN comes with calls it, without a version; '' where it does not know it."""


LICENCES: Final = {
    licence.code: licence
    for licence in (
        Licence(
            "CC0-1.0",
            "https://creativecommons.org/publicdomain/zero/1.0/",
            "Creative Commons Zero 1.0",
            attribution=False,
            register_title="Creative Commons CCZero",
        ),
        Licence(
            "CC-BY-4.0",
            "https://creativecommons.org/licenses/by/4.0/",
            "Creative Commons Attribution 4.0",
            register_title="Creative Commons Attribution",
        ),
        Licence(
            "CC-BY-SA-4.0",
            "https://creativecommons.org/licenses/by-sa/4.0/",
            "Creative Commons Attribution-ShareAlike 4.0",
            share_alike=True,
            register_title="Creative Commons Attribution Share-Alike",
        ),
        Licence(
            "ODbL-1.0",
            "https://opendatacommons.org/licenses/odbl/1-0/",
            "Open Database License 1.0",
            share_alike=True,
            register_title="Open Data Commons Open Database License (ODbL)",
        ),
        Licence(
            "DL-DE-BY-2.0",
            "https://www.govdata.de/dl-de/by-2-0",
            "Datenlizenz Deutschland – Namensnennung 2.0",
        ),
        Licence(
            "DL-DE-ZERO-2.0",
            "https://www.govdata.de/dl-de/zero-2-0",
            "Datenlizenz Deutschland – Zero 2.0",
            attribution=False,
        ),
        Licence("IODL-2.0", "https://www.dati.gov.it/iodl/2.0/", "Italian Open Data Licence 2.0"),
        Licence("MIT", "https://spdx.org/licenses/MIT", "MIT License"),
        Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", "Apache License 2.0"),
        Licence(
            "EPL-2.0",
            "https://www.eclipse.org/legal/epl-2.0/",
            "Eclipse Public License 2.0",
            share_alike=True,
        ),
    )
}


def licence_of(code: str) -> Licence:
    """The licence of a code; an unknown one is taken by its SPDX page, with attribution as the careful guess."""
    known = LICENCES.get(code)
    return Licence(code, f"https://spdx.org/licenses/{code}", code) if known is None else known
