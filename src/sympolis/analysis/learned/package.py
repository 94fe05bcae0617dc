"""A model's package as it travels: a zip of ``model.toml``, the model's file and ``examples.json``, and nothing else.

It comes from strangers, so nothing in it is trusted: the names inside are compared with those that may be there (no
path ever comes from the archive), what it inflates to is counted, and the model must be the file whose hash the card
states.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.analysis.learned.card import CARD, EXAMPLES, Card, read_card
from sympolis.domain import errors

MOST_BYTES: Final = 512 * 1024 * 1024
_MOST_TEXT: Final = 4 * 1024 * 1024
MOST_RATIO: Final = 100
_SMALL: Final = 4 * 1024 * 1024
_MOST_EXAMPLES: Final = 100
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What a damaged or encrypted zip makes the standard library raise."""


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs and the outputs that the model must give for them, as inference requests and answers write them."""

    inputs: Sequence[Mapping[str, Any]]
    outputs: Sequence[Mapping[str, Any]]
    tolerance: float = 1e-4


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read and found whole."""

    card: Card
    card_text: str
    model: bytes
    examples: tuple[Example, ...]


def read_package(content: bytes) -> Package:
    """The package in a zip. Raises ``BadRequestData`` or ``PayloadTooLarge`` with the reason."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            _check_packing(bundle)
            card_text = _text(bundle, CARD)
            card = read_card(card_text)
            _check_names(bundle, card)
            examples = _examples(_text(bundle, EXAMPLES))
            model = _take(bundle, card.file, MOST_BYTES)
    except _UNREADABLE as cause:
        raise errors.BadRequestData(f"not a zip that can be read: {cause}", where="body") from cause
    digest = hashlib.sha256(model).hexdigest()
    if digest != card.sha256:
        text = f"{card.file} has the hash {digest}, the card says {card.sha256}"
        raise errors.BadRequestData(text, where=f"{CARD}: sha256", hint="the file was changed after the card")
    return Package(card, card_text, model, examples)


def _check_packing(bundle: zipfile.ZipFile) -> None:
    """Stored or deflated, as every tool packs: what else there is brings libraries and errors of its own.

    Weights hardly compress: what claims to inflate a hundredfold is no model.
    """
    packed = sum(one.compress_size for one in bundle.infolist())
    if sum(one.file_size for one in bundle.infolist()) > MOST_RATIO * packed + _SMALL:
        raise errors.BadRequestData(f"inflates to more than {MOST_RATIO} times its size", where="body")
    for one in bundle.infolist():
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            hint = "zip it with the usual method (deflate)"
            raise errors.BadRequestData(
                f"{one.filename[:100]!r} is packed in a rare way", where="body", hint=hint
            )


def _check_names(bundle: zipfile.ZipFile, card: Card) -> None:
    expected = {CARD, EXAMPLES, card.file}
    odd = sorted({one.filename for one in bundle.infolist()} - expected)
    if odd:
        hint = f"a package holds {', '.join(sorted(expected))}"
        raise errors.BadRequestData(f"{odd[0][:100]!r} has no place in a package", where="body", hint=hint)


def _text(bundle: zipfile.ZipFile, name: str) -> str:
    try:
        return _take(bundle, name, _MOST_TEXT).decode("utf-8")
    except UnicodeDecodeError as cause:
        raise errors.BadRequestData("is not UTF-8", where=name) from cause


def _take(bundle: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with bundle.open(name) as stream:
            content = stream.read(most + 1)
    except KeyError as cause:
        hint = f"a package holds {CARD}, {EXAMPLES} and the model's file, without folders"
        raise errors.BadRequestData(f"{name} is missing", where="body", hint=hint) from cause
    if len(content) > most:
        raise errors.PayloadTooLarge(f"{name} is longer than {most // 2**20} MB", where=name)
    return content


def _examples(text: str) -> tuple[Example, ...]:
    try:
        found = msgspec.json.decode(text, type=tuple[Example, ...])
    except msgspec.MsgspecError as cause:
        hint = '[{"inputs": [tensors], "outputs": [tensors], "tolerance": 0.0001}]'
        raise errors.BadRequestData(str(cause), where=EXAMPLES, hint=hint) from cause
    if not 1 <= len(found) <= _MOST_EXAMPLES:
        text = f"has {len(found)} examples; 1 to {_MOST_EXAMPLES} are wanted"
        raise errors.BadRequestData(text, where=EXAMPLES, hint="they are what a model is validated with")
    return found
