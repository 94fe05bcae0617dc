"""Code lists that several mappings share: a source's codes and the words of the vocabulary that they stand for.

A city keeps them in ``code-lists/``: as TOML with a title and the vocabulary's address, or as the two-column CSV that
came from the register. They become part of the mapping when the package is loaded, so that a changed list is a changed
mapping: the source is read anew, and lineage shows which words were in force.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympolis.acquisition.mapping import AttributeRule, EntityMapping
from sympolis.acquisition.source import IDENTIFIER
from sympolis.domain.reading import Texts, option

MAX_CODES = 100_000
COLUMNS = ("code", "value")


@dataclass(frozen=True, kw_only=True)
class CodeList:
    """One list (``code-lists/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts = option({})
    version: str = "1"
    vocabulary: str = ""
    """Where the words are defined, e.g. an authority table of the EU or a Smart Data Model."""
    codes: Mapping[str, Any] = option({})
    """Source code → stored value; a code that is not listed is refused, with its name."""


def from_csv(list_id: str, text: str) -> CodeList:
    """The list in a CSV text with the columns ``code`` and ``value``. Raises ``ValueError`` naming the line."""
    rows = csv.reader(io.StringIO(text))
    if tuple(next(rows, ())) != COLUMNS:
        raise ValueError(f"expected the header {','.join(COLUMNS)}")
    codes: dict[str, Any] = {}
    for row in rows:
        if len(row) != len(COLUMNS):
            raise ValueError(f"line {rows.line_num} has {len(row)} cells instead of {len(COLUMNS)}")
        if codes.setdefault(row[0], row[1]) != row[1]:
            raise ValueError(f"line {rows.line_num}: code {row[0]!r} has two values")
        if len(codes) > MAX_CODES:
            raise ValueError(f"more than {MAX_CODES} codes")
    return CodeList(id=list_id, codes=codes)


def resolved(mapping: EntityMapping, lists: Mapping[str, CodeList]) -> EntityMapping:
    """The mapping with the codes of the lists its rules name. A list that is not there is the check's business."""
    if not any(rule.code_list for rule in mapping.attributes):
        return mapping
    return replace(mapping, attributes=tuple(_with_codes(rule, lists) for rule in mapping.attributes))


def _with_codes(rule: AttributeRule, lists: Mapping[str, CodeList]) -> AttributeRule:
    found = lists.get(rule.code_list or "")
    return rule if found is None else replace(rule, codes=found.codes)
