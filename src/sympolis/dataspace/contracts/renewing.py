"""Another token for a transfer whose token has ended: asked for as who we are, at the address that came with the data.

A partner's data address may name a ``renewalEndpoint`` (an endpoint property, Dataspace Protocol 2025-1). Only one at
the place of the data is asked: our proof of identity goes nowhere else.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sympolis.dataspace.calls import Calls, send_json
from sympolis.dataspace.dsp.credentials import Credentials
from sympolis.dataspace.dsp.messages import DataAddress
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.dsp.shapes import read
from sympolis.domain import errors


def place_of_renewal(transfer: Transfer, endpoint: str) -> str | None:
    """Where a partner gives another token for ``endpoint``; None where none is given at the place of the data."""
    where = None if transfer.data is None else read(transfer.data, DataAddress).value_of("renewalEndpoint")
    return where if where and urlsplit(where)[:2] == urlsplit(endpoint)[:2] else None


async def address_anew(
    calls: Calls, credentials: Credentials, transfer: Transfer, endpoint: str
) -> DataAddress:
    """The data's address with another token.

    Raises ``Forbidden`` where there is none for us any more, ``SourceFailed`` where nothing useful comes.
    """
    where = place_of_renewal(transfer, endpoint)
    if where is None:
        raise errors.Forbidden("the token has ended, and the partner renews none", where=endpoint)
    header = await credentials.authorization(transfer.partner, transfer.address)
    return read(await send_json(calls, "POST", where, authorization=header), DataAddress, where=where)
