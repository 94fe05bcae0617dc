"""All that deals with contracts, joined from its ports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sympolis.dataspace.calls import Calls
from sympolis.dataspace.contracts.book import ContractBook
from sympolis.dataspace.contracts.exchange import now
from sympolis.dataspace.contracts.market import Market
from sympolis.dataspace.contracts.negotiations import Negotiations
from sympolis.dataspace.contracts.offers import Offers
from sympolis.dataspace.contracts.scripts import NO_SCRIPTS, Scripts
from sympolis.dataspace.contracts.transfers import Endpoints, Transfers
from sympolis.dataspace.delivery.enforcement import Enforcement
from sympolis.dataspace.dsp.credentials import Credentials
from sympolis.governance.audit.record import Event
from sympolis.governance.policy.model import Policy


class ContractDesk:
    """See the module. ``present`` gives the policies that speak of a dataset now; ``note`` writes the audit log."""

    def __init__(  # noqa: PLR0913 - a composition
        self,
        book: ContractBook,
        calls: Calls,
        credentials: Credentials,
        *,
        address: Callable[[], str],
        offers: Offers,
        endpoints: Endpoints,
        present: Callable[[str], Sequence[Policy]] = lambda _: (),
        suspended: Callable[[str], bool] = lambda _: False,
        note: Callable[[Event], None] = lambda _: None,
        scripts: Scripts = NO_SCRIPTS,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.book = book
        self.calls = calls
        self.credentials = credentials
        self.scripts = scripts
        self.note = note
        self.clock = clock
        self.market = Market(calls, credentials)
        self.enforcement = Enforcement(book, present, clock, suspended)
        self.negotiations = Negotiations(
            book, calls, credentials, offers=offers, scripts=scripts, note=note, clock=clock, sleep=sleep
        )
        self.transfers = Transfers(
            book,
            calls,
            credentials,
            allows=self.enforcement,
            endpoints=endpoints,
            scripts=scripts,
            note=note,
            clock=clock,
            sleep=sleep,
        )
        self.negotiations.address = self.transfers.address = address
        self.also_open: Callable[[], None] = lambda: None
        """Whatever else goes on under contracts, and was under way when the server ended."""

    @property
    def offers(self) -> Offers:
        """What is offered to whom."""
        return self.negotiations.offers

    def open(self) -> None:
        """Go on with what was under way when the server ended."""
        self.negotiations.resume()
        self.transfers.resume()
        self.also_open()

    async def settled(self) -> None:
        """Wait until no message is on its way."""
        await self.negotiations.settled()
        await self.transfers.settled()

    async def close(self) -> None:
        """Stop sending, and let go of the file."""
        await self.negotiations.close()
        await self.transfers.close()
        self.book.close()
