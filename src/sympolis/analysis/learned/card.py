"""What a learned model says of itself: the ``model.toml`` of its package, read and judged whole.

A model without a card is a file that nobody can answer for. The card names its inputs and outputs as the Open
Inference Protocol does, the data and the method it was trained with, how well it did and on what, what it is for and
what it must not be used for, its class of risk under the AI Act (Regulation (EU) 2024/1689) with the reasons, and what
it is made of.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sympolis.domain import errors, reading
from sympolis.domain.reading import Texts, option

DATATYPES = (
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES",
)  # fmt: skip
"""Of tensors, as the Open Inference Protocol v2 names them."""

NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""A DNS label, so that the name can be that of a Kubernetes service."""
VERSION = r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}"
CARD = "model.toml"
EXAMPLES = "examples.json"


class Risk(StrEnum):
    """Classes of the AI Act: prohibited practices (article 5) have no place here."""

    MINIMAL = "minimal"
    LIMITED = "limited"
    """Transparency duties (article 50)."""
    HIGH = "high"
    """Article 6 and annex III."""


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One input or output. A length of -1 is any."""

    name: str = option(pattern=r"[A-Za-z0-9_.:/-]{1,128}")
    datatype: str = option(choices=DATATYPES)
    shape: tuple[int, ...]
    meaning: Texts = option({})
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The class of risk and why, and how people keep hold of it."""

    risk: Risk = option(key="class")
    reasons: Texts
    oversight: Texts


@dataclass(frozen=True, kw_only=True)
class Training:
    """What it was made from, how, and at what cost of energy [Wh]."""

    datasets: tuple[str, ...]
    method: str
    begin: date | None = option(None, key="from")
    end: date | None = option(None, key="until")
    data_version: str = ""
    seed: int | None = None
    energy_wh: float | None = option(None, minimum=0.0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure, on which data, with its interval where there is one."""

    name: str
    value: float
    unit: str = ""
    split: str = option(pattern="[a-z0-9_-]{1,40}")
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Something the model was made with or needs to run, as a bill of materials lists it."""

    name: str
    version: str
    licence: str
    sha256: str = option("", pattern="[0-9a-f]{64}|")


@dataclass(frozen=True, kw_only=True)
class Card:
    """See the module."""

    name: str = option(pattern=NAME)
    version: str = option(pattern=VERSION)
    title: Texts
    description: Texts
    owner: str
    licence: str
    format: str = option(choices=("onnx",))
    file: str = option(pattern=r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,95}\.onnx")
    """The model's name in its package: never that of a file of ours."""
    sha256: str = option(pattern="[0-9a-f]{64}")
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    intended_use: Texts
    limits: Texts
    assessment: Assessment
    training: Training
    metrics: tuple[Metric, ...]
    dependencies: tuple[Dependency, ...] = ()


def read_card(text: str) -> Card:
    """The card in a ``model.toml``. Raises ``BadRequestData`` with every reason why it is none."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise errors.BadRequestData(f"not TOML: {cause}", where=CARD) from cause
    findings: list[reading.Finding] = []
    card = reading.read(Card, document, CARD, findings)
    if card is None:
        more = f" (and {len(findings) - 1} more mistakes)" if len(findings) > 1 else ""
        raise errors.BadRequestData(
            findings[0].message + more, where=findings[0].where, hint=findings[0].hint
        )
    if not card.inputs or not card.outputs:
        raise errors.BadRequestData("a model has at least one input and one output", where=f"{CARD}: inputs")
    if not card.metrics:
        hint = "say how well it did, on data it had not seen"
        raise errors.BadRequestData("has no metrics", where=f"{CARD}: metrics", hint=hint)
    return card
