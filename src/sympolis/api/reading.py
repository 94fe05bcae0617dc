"""Which datasets whoever asks may know of: a question of the interfaces that name datasets, not entities."""

from __future__ import annotations

from sympolis.context import gated
from sympolis.domain import errors


def is_listed(dataset: str) -> bool:
    """Whether they may know that there is this dataset; everybody may where nobody is asked who they are."""
    lists = getattr(gated.current(), "lists", None)
    return lists is None or bool(lists(dataset))


def check_listed(dataset: str) -> None:
    """Raise ``NotFound`` for a dataset that they may not know of: as if there were none."""
    if not is_listed(dataset):
        raise errors.NotFound(f"there is no dataset {dataset}", where="dataset", hint="see /catalogue")
