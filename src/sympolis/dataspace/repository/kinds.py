"""Kinds of assets, and what each of them has to bring along.

Whatever is a declaration (read, checked and applied by the twin that takes it) is told apart from what is only kept
for people: programs, notebooks and texts of others are never executed by an installation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What an asset is."""

    DATASET = "dataset"
    """A pointer: where the data are, what they are and on which terms; the data themselves go by contract."""
    DATA_MODEL = "data-model"
    MAPPING = "mapping"
    SERVICE = "service"
    MODEL = "model"
    NOTEBOOK = "notebook"
    PIPELINE = "pipeline"
    DASHBOARD = "dashboard"
    STORY = "story"
    PLAN = "plan"
    CONTRACT_TEMPLATE = "contract-template"
    RULEBOOK = "rulebook"
    LEARNING_MATERIAL = "learning-material"


WITH_CODE: Final = frozenset({Kind.SERVICE, Kind.MODEL, Kind.NOTEBOOK, Kind.PIPELINE})
"""Kinds that run something: they bring a bill of materials."""
RUNNING: Final = frozenset({Kind.SERVICE, Kind.MODEL, Kind.MAPPING})
"""Kinds whose runs are counted, so that their rating is measured and never typed in."""
HANDED_IN: Final = frozenset({Kind.NOTEBOOK, Kind.PIPELINE, Kind.LEARNING_MATERIAL, Kind.CONTRACT_TEMPLATE})
"""Kinds of which people may hand in files of their own; the others are taken from the running twin."""
