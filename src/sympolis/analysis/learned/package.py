"""A model's package as it travels: a zip of ``model.toml``, the model's file and ``examples.json``, and nothing else.

It comes from strangers (``domain.archives`` reads it as such), and the model must be the file whose hash the card
states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.analysis.learned.card import CARD, EXAMPLES, Card, read_card
from sympolis.domain import errors
from sympolis.domain.archives import read_archive

MOST_BYTES: Final = 512 * 1024 * 1024
"""Of the model, and of all that the zip inflates to."""
_MOST_TEXT: Final = 4 * 1024 * 1024
_MOST_EXAMPLES: Final = 100


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
    bundle = read_archive(content, where="body", most=MOST_BYTES)
    card_text = bundle.text(CARD, _MOST_TEXT)
    card = read_card(card_text)
    bundle.only((CARD, EXAMPLES, card.file))
    examples = _examples(bundle.text(EXAMPLES, _MOST_TEXT))
    model = bundle.take(card.file, MOST_BYTES)
    digest = hashlib.sha256(model).hexdigest()
    if digest != card.sha256:
        text = f"{card.file} has the hash {digest}, the card says {card.sha256}"
        raise errors.BadRequestData(text, where=f"{CARD}: sha256", hint="the file was changed after the card")
    return Package(card, card_text, model, examples)


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
