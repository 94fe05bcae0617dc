"""Twins of the small city in one process that trade with each other: everything is real but the wire between them.

Each has a name by which the others reach it (``http://a.test``). What goes over the wire can be looked at, broken, held
back and sent again; what a twin keeps is kept as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.dataspace.calls import WITH_CONTENT
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.delivery.receiving import Receiving
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.egress.http import Pace, Response, Sink
from sympolis.governance.audit.record import Entry
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, exchange
from sympolis.testing.small_city import write_package

AREAS, COUNTS = "urn:sympolis:dataset:areas", "urn:sympolis:dataset:counts"
"""Two of the small city's datasets, as policies call them."""
RELEASE = '[public]\nlicences = ["CC0-1.0"]\n'


@dataclass(frozen=True, slots=True)
class Letter:
    """One request that went over the wire, and what was answered (0: nothing)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass
class Wire:
    """What carries requests between twins. ``gone`` are hosts that do not answer; ``spoil`` may change an answer."""

    apps: dict[str, Any] = field(default_factory=dict)
    sent: list[Letter] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    spoil: Callable[[str, Response], Response] = lambda _, answer: answer

    async def request(  # noqa: PLR0913 - the port it stands in for
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        timeout_s: float = 10.0,  # noqa: ARG002
        most_bytes: int = 1 << 20,  # noqa: ARG002
        sink: Sink | None = None,
        pace: Pace | None = None,  # noqa: ARG002
    ) -> Response:
        """See ``egress.http.HttpClient.request``."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        lower = {name.lower(): value for name, value in headers}
        if host in self.gone or host not in self.apps:
            self.sent.append(Letter(method, url, lower, body, 0))
            raise OSError(f"nobody answers at {host}")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = {"host": host, "content-length": str(len(body)), **lower}
        answer = await exchange(self.apps[host], method, target, headers=given, body=body)
        self.sent.append(Letter(method, url, lower, body, answer.status))
        found = self.spoil(url, Response(answer.status, dict(answer.headers), answer.body))
        if sink is not None and found.status in WITH_CONTENT:
            sink(found.body)
            found.body = b""
        return found

    async def again(self, letter: Letter) -> Answer:
        """Send a letter once more, just as it was."""
        parts = urlsplit(letter.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        given = {"host": parts.hostname or "", "content-length": str(len(letter.body)), **letter.headers}
        return await exchange(
            self.apps[parts.hostname or ""], letter.method, target, headers=given, body=letter.body
        )

    def to(self, host: str, end: str = "") -> list[Letter]:
        """The letters to a host whose paths end so."""
        return [
            one
            for one in self.sent
            if urlsplit(one.url).hostname == host and urlsplit(one.url).path.endswith(end)
        ]


@dataclass
class TradingTwin:
    """One of them. ``ask`` is how its own people reach it."""

    name: str
    twin: Twin

    @property
    def host(self) -> str:
        """Its name on the wire."""
        return f"{self.name}.test"

    @property
    def id(self) -> str:
        """Its participant id."""
        assert self.twin.federation is not None
        return self.twin.federation.own.did()

    @property
    def desk(self) -> ContractDesk:
        """Its contracts."""
        assert self.twin.federation is not None
        desk: ContractDesk = self.twin.federation.dsp
        return desk

    @property
    def receiving(self) -> Receiving:
        """What it takes from others."""
        assert self.twin.federation is not None
        receiving: Receiving = self.twin.federation.delivery
        return receiving

    async def ask(
        self, method: str, target: str, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request as one of its own people would."""
        return await exchange(
            self.twin.asgi, method, target, json=document, headers={"host": self.host, **(headers or {})}
        )

    async def settled(self) -> None:
        """Wait until nothing is on its way, neither messages nor data."""
        for _ in range(3):
            await self.desk.settled()
            await self.receiving.settled()

    async def entries(self) -> list[Entry]:
        """Its audit log."""
        assert self.twin.government is not None
        await self.twin.government.audit.settled()
        return [entry for _, entry in self.twin.government.audit.trail.entries()]


@asynccontextmanager
async def trading(
    folder: Path,
    *names: str,
    store: str = "memory",
    policies: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[Wire, dict[str, TradingTwin]]]:
    """Twins of these names that are partners of each other. ``policies`` are files of everybody's ``policies/``."""
    wire, twins = Wire(), {}
    for name in names:
        twins[name] = await open_trading_twin(folder, name, wire, store=store, policies=policies, **settings)
    first = twins[names[0]]
    assert first.twin.federation is not None
    for other in list(twins.values())[1:]:
        await befriend(first, other)
    try:
        yield wire, twins
    finally:
        for one in twins.values():
            await one.twin.close()


async def open_trading_twin(
    folder: Path,
    name: str,
    wire: Wire,
    *,
    store: str = "memory",
    policies: Mapping[str, str] | None = None,
    **more: Any,
) -> TradingTwin:
    """One twin, over the data of its folder where there are any, with all its data read."""
    package = folder / name
    if not package.exists():
        write_package(package)
        (package / "policies").mkdir(exist_ok=True)
        for file, text in {"release.toml": RELEASE, **(policies or {})}.items():
            (package / "policies" / file).write_text(text, "utf-8")
    settings = Settings(
        city=str(package),
        data=folder / f"data-{name}",
        store=store,
        hosts=("*",),
        allow_loopback=True,
        **more,
    )
    twin = await open_twin(settings)
    twin.address = f"http://{name}.test"
    twin.ground.client.request = wire.request  # type: ignore[method-assign]
    wire.apps[f"{name}.test"] = twin.asgi
    await twin.coordinator.run_all()
    return TradingTwin(name, twin)


async def befriend(host: TradingTwin, guest: TradingTwin) -> None:
    """Both become partners of each other, by an invitation."""
    made = (await host.ask("POST", "/api/federation/invitations", {"note": guest.name})).json
    adding = {"base_url": f"http://{host.host}", "invitation": made["invitation"]}
    answer = await guest.ask("POST", "/api/federation/partners", adding)
    assert answer.status == 201, answer.body
    await asyncio.sleep(0)


@dataclass
class Pair:
    """Two twins on one loop, and short words for what their people do, for tests that read from top to bottom."""

    runner: asyncio.Runner
    wire: Wire
    provider: TradingTwin
    consumer: TradingTwin

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What comes of a coroutine."""
        return self.runner.run(work)

    def ask(self, twin: TradingTwin, method: str, path: str, document: Any = None) -> Answer:
        """What one of a twin's own people gets at ``/api/federation``."""
        return self.run(twin.ask(method, f"/api/federation{path}", document))  # type: ignore[no-any-return]

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        self.run(self.consumer.settled())
        self.run(self.provider.settled())

    def agree(self, dataset: str = AREAS) -> Any:
        """A negotiation that has come to an agreement, as the consumer sees it."""
        asked = {"partner": self.provider.id, "dataset": dataset}
        answer = self.ask(self.consumer, "POST", "/negotiations?wait_s=10", asked)
        assert answer.status == 201, answer.body
        return answer.json

    def begin(self, agreement: str, format: str, **more: Any) -> Any:
        """A transfer that has come to rest, as the consumer sees it."""
        asked = {"agreement": agreement, "format": format, **more}
        answer = self.ask(self.consumer, "POST", "/transfers?wait_s=10", asked)
        assert answer.status == 201, answer.body
        self.settle()
        return self.ask(self.consumer, "GET", f"/transfers/{answer.json['id']}").json

    def get(self, transfer: str, path: str = "", **headers: str) -> Answer:
        """What the consumer's own client gets with the token of a transfer; ``path`` instead of the data address."""
        found = self.consumer.desk.book.find(Transfer, transfer)
        assert found is not None
        where = self.consumer.receiving.endpoint(found)
        parts = urlsplit(where["endpoint"])
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if path:
            target = f"/dsp/data/{found.peer}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"host": self.provider.host, "authorization": f"Bearer {where['authorization']}", **named}
        return self.run(exchange(self.provider.twin.asgi, "GET", target, headers=given))  # type: ignore[no-any-return]


@contextmanager
def two_twins(folder: Path, **more: Any) -> Iterator[Pair]:
    """A provider and a consumer that are partners; see ``trading``."""
    with asyncio.Runner() as runner:
        manager = trading(folder, "a", "b", **more)
        wire, twins = runner.run(manager.__aenter__())
        try:
            yield Pair(runner, wire, twins["a"], twins["b"])
        finally:
            runner.run(manager.__aexit__(None, None, None))
