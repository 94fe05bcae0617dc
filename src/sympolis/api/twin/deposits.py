"""Files that machines send: kept as a delivery, run at once."""

from __future__ import annotations

from urllib.parse import quote

from sympolis.acquisition.deposits import Deposits
from sympolis.api.http import Reply, Request, json_reply


class DepositPages:
    """Handlers of ``/api/sources/{source}/deliveries``."""

    def __init__(self, deposits: Deposits) -> None:
        self._deposits = deposits

    async def deposit(self, request: Request) -> Reply:
        """Take a file; the answer says what became of every row."""
        source = request.arguments["source"]
        delivery, summary = await self._deposits.deposit(source, await request.body())
        location = f"/api/sources/{quote(source)}".encode()
        shown = {**summary.to_json(), "delivery": delivery}
        return json_reply(shown, status=201, headers=((b"location", location),))
