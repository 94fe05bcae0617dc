"""What partners have had begun here: a job is shown to those under whose agreement it was begun, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.dataspace.records import Records

KIND: Final = "served-call"


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A run of ours that a partner has asked for."""

    run: str
    agreement: str
    transfer: str
    partner: str
    request: str
    at: datetime


class ServedCalls:
    """See the module."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def note(self, run: str, agreement: Agreement, transfer: Transfer, request: str) -> None:
        """Remember for whom a run was begun, before they are told of it."""
        one = Served(
            run=run,
            agreement=agreement.id,
            transfer=transfer.id,
            partner=agreement.partner,
            request=request,
            at=datetime.now(UTC),
        )
        self._records.keep(KIND, _key(run, agreement.id), one)

    def is_of(self, run: str, agreement: str) -> bool:
        """Whether a run was begun under an agreement."""
        return self._records.find(KIND, _key(run, agreement), Served) is not None


def _key(run: str, agreement: str) -> str:
    return f"{agreement} {run}"
