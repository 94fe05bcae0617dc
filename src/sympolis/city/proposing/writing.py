"""Writes a proposal as the two files of a source, with comments, into a city package."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sympolis.city.proposing.proposal import Proposal
from sympolis.domain import errors

_WHY: Final = 88
"""Column at which a comment begins a line of its own."""


def files(proposal: Proposal) -> dict[str, str]:
    """The texts of the files by their place in the package."""
    return {
        f"sources/{proposal.id}.toml": source_text(proposal),
        f"mappings/{proposal.id}.toml": mapping_text(proposal),
    }


def source_text(proposal: Proposal) -> str:
    """``sources/<id>.toml`` with comments."""
    document, why = proposal.source, _Remarks(proposal)
    head = "# Proposed by `sympolis source new` from a sample: look at what the comments say, then delete them.\n"
    lines = [
        _line(name, value, why.of(f"source.{name}")) for name, value in document.items() if _plain(value)
    ]
    for name in ("title", "settings", "model"):
        if document.get(name):
            lines += ["", f"[{name}]", *(_line(key, value) for key, value in document[name].items())]
    lines += _expectation_lines(document["expectations"], why)
    return head + "\n".join(lines) + "\n"


def _expectation_lines(document: Mapping[str, Any], why: _Remarks) -> list[str]:
    lines = ["", "[expectations]"]
    lines += [
        _line(key, value, why.of(f"expectations.{key}"))
        for key, value in document.items()
        if key != "attributes"
    ]
    for name, one in document.get("attributes", {}).items():
        remark = why.of(f"expectations.{name}")
        lines += ["", *([f"# {remark}"] if remark else []), f"[expectations.attributes.{_key(name)}]"]
        lines += [_line(key, value) for key, value in one.items()]
    return lines


def mapping_text(proposal: Proposal) -> str:
    """``mappings/<id>.toml`` with comments."""
    document, why = proposal.mapping, _Remarks(proposal)
    columns = {one.name: one for one in proposal.columns}
    lines = [
        _line(name, value, why.of(f"mapping.{name}")) for name, value in document.items() if _plain(value)
    ]
    others = [f"{one.model.name} ({one.confidence:g})" for one in proposal.models[1:4]]
    if others:
        lines.insert(3, f"# other models that would fit: {', '.join(others)}")
    for name in ("unpivot", "time", "geometry"):
        if name in document:
            remark = why.of(f"mapping.{name}")
            lines += ["", *([f"# {remark}"] if remark else []), f"[{name}]"]
            lines += [_line(key, value) for key, value in document[name].items()]
    for rule in document["attributes"]:
        one = columns[rule["field"]]
        seen = f"{one.filled:.0%} filled, for example {', '.join(one.examples)}".replace("\n", " ")
        lines += ["", f"# {why.of('attributes.' + rule['name'])}; {seen}", "[[attributes]]"]
        lines += [_line(key, value) for key, value in rule.items()]
    return "\n".join(lines) + "\n"


class _Remarks:
    """The reasons of a proposal as comments."""

    def __init__(self, proposal: Proposal) -> None:
        self._notes, self._confidence = proposal.notes, proposal.confidence

    def of(self, place: str) -> str:
        """The comment for a place; empty where there is none."""
        if place not in self._notes:
            return ""
        sure = self._confidence.get(place)
        return self._notes[place] + (f" (confidence {sure:g})" if sure is not None else "")


def _plain(value: Any) -> bool:
    return not isinstance(value, dict) and not (
        isinstance(value, list) and value and isinstance(value[0], dict)
    )


def _line(name: str, value: Any, remark: str = "") -> str:
    text = f"{_key(name)} = {_value(value)}"
    if not remark:
        return text
    return f"{text}  # {remark}" if len(text) + len(remark) < _WHY + 20 else f"# {remark}\n{text}"


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isalnum() and plain.isascii() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def write_into(folder: Path, proposal: Proposal, sample: Path, *, force: bool = False) -> list[Path]:
    """Write the files, the sample and the context's new terms into the package at ``folder``; the files written.

    Raises ``AlreadyExists`` where the source is there and ``force`` is not given.
    """
    texts = {folder / place: text for place, text in files(proposal).items()}
    there = [path for path in texts if path.exists()]
    if there and not force:
        hint = "choose another --id, or --force to overwrite it"
        raise errors.AlreadyExists("is there already", where=str(there[0]), hint=hint)
    target = folder / proposal.source["path"]
    target.parent.mkdir(parents=True, exist_ok=True)
    if sample.resolve() != target.resolve():
        shutil.copyfile(sample, target)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    context = _extend(folder, proposal.terms)
    return [*texts, target, *context]


def _extend(folder: Path, terms: Mapping[str, str]) -> list[Path]:
    """Add terms to the city's context, leaving the rest of the file as it is written."""
    if not terms:
        return []
    path = next(iter(sorted((folder / "contexts").glob("*.jsonld"))))
    text = path.read_text(encoding="utf-8")
    wanted = json.loads(text)
    wanted["@context"] |= terms
    added = "".join(f",\n    {json.dumps(term)}: {json.dumps(iri)}" for term, iri in terms.items())
    body = text.rstrip().removesuffix("}").rstrip().removesuffix("}").rstrip()
    changed = f"{body}{added}\n  }}\n}}\n"
    try:
        if json.loads(changed) != wanted:
            raise ValueError
    except ValueError:
        changed = json.dumps(wanted, ensure_ascii=False, indent=2) + "\n"
    path.write_text(changed, encoding="utf-8")
    return [path]
