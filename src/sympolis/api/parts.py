"""What the API needs in order to serve: handed over by the composition root, known here only by their contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sympolis.api.http import ASGIApp
from sympolis.context.broker import Broker

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.acquisition.deposits import Deposits
    from sympolis.acquisition.handover import Handovers
    from sympolis.acquisition.hooks import Hooks
    from sympolis.acquisition.listening import Listeners
    from sympolis.acquisition.retention import Retention
    from sympolis.analysis.dashboards.composing import Compositions
    from sympolis.api.access import Access
    from sympolis.api.governance.subjects import Answering
    from sympolis.api.holdings import Holdings
    from sympolis.api.ranges import PutAside
    from sympolis.assessment.desk import AssessmentDesk
    from sympolis.city.assets.assets import Assets
    from sympolis.city.proposing.desk import Proposer
    from sympolis.city.registered import Registered
    from sympolis.city.schema import City
    from sympolis.city.shown import Shown
    from sympolis.context.distributed.service import Distribution
    from sympolis.context.distributed.subscribing import RemoteSubscriptions
    from sympolis.context.entity_maps import EntityMaps
    from sympolis.context.library import ContextLibrary
    from sympolis.context.registrations.service import Registrations
    from sympolis.context.registrations.telling import SourceSubscriptions
    from sympolis.context.snapshots.service import Snapshots
    from sympolis.context.subscriptions.service import Subscriptions
    from sympolis.context.terms import Contexts
    from sympolis.context.transient import Transients
    from sympolis.dataspace.contracts.desk import ContractDesk
    from sympolis.dataspace.delivery.receiving import Receiving
    from sympolis.dataspace.federation import Federation
    from sympolis.decision.notices.desk import NoticeDesk
    from sympolis.decision.scenes.hub import Hub
    from sympolis.governance.audit.log import AuditLog
    from sympolis.governance.datamodels.registry import Registry
    from sympolis.governance.identity.accounts import Accounts
    from sympolis.governance.identity.issuer import Issuer
    from sympolis.governance.lifecycle.lifecycle import Lifecycle
    from sympolis.governance.masterdata.registry import MasterData
    from sympolis.governance.policy.gate import Gate
    from sympolis.help.house import Help
    from sympolis.orchestration.atlases.desk import AtlasDesk
    from sympolis.orchestration.dashboard_desk import DashboardDesk
    from sympolis.orchestration.decision_desk import DecisionDesk
    from sympolis.orchestration.desk import Desk
    from sympolis.orchestration.participating.desk import ParticipationDesk
    from sympolis.orchestration.participating.hearing import Hearing
    from sympolis.orchestration.participating.letters import Letters
    from sympolis.orchestration.planning.desk import PlanDesk


class Readiness(Protocol):
    """How far the start has come: ``share`` 0..1, ``text`` for people, plain or by language."""

    @property
    def ready(self) -> bool:
        """Whether the twin is complete."""
        ...

    @property
    def step(self) -> str:
        """What is being done: one word."""
        ...

    @property
    def share(self) -> float:
        """0..1."""
        ...

    @property
    def text(self) -> str | Mapping[str, str]:
        """The same for people."""
        ...


@dataclass(frozen=True, slots=True)
class AlwaysReady:
    """The readiness of a broker without a city."""

    ready: bool = True
    step: str = "ready"
    share: float = 1.0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Bounds of what one request may ask, and who may ask.

    ``hosts`` are further names (without port) by which the server may be addressed, ``*`` for any: it then trusts a
    proxy in front; ``origins`` further web origins (``https://map.example``) whose pages may write;
    ``embedders`` those that may show the pages below ``/embed/`` in a frame.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    embedders: tuple[str, ...] = ()
    max_body_bytes: int = 32 * 1024 * 1024
    max_batch: int = 10_000
    timeout_s: float = 60.0
    max_tenants: int = 1000
    temporal_page_size: int = 100_000
    """Observations in one temporal answer; more gives 206 Partial Content (clause 6.3.10)."""
    identity: str = "machine"
    """Whether people are asked who they are: the setting of that name, shown in /health."""
    keep_alive_s: float = 15.0
    gzip_from_bytes: int = 4096


def _ready() -> Readiness:
    return AlwaysReady()


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """What is said about who may do what, whether or not anybody is asked who they are: see ``mode``."""

    gate: Gate
    lifecycle: Lifecycle
    accounts: Accounts
    audit: AuditLog
    issuer: Issuer | None = None
    """The built-in one, where people sign in here."""
    public_url: str = ""
    mode: str
    """``machine``, ``required`` or ``open``: the setting ``identity``."""


@dataclass(frozen=True, slots=True)
class Contracting:
    """What contracts with other twins need: who deals with them, what comes, what is offered, copies put aside."""

    desk: ContractDesk
    receiving: Receiving
    holdings: Holdings
    aside: PutAside


class Participating(Protocol):
    """Participation, joined: see ``app.participating``."""

    @property
    def desk(self) -> ParticipationDesk:
        """Projects, and what people say in them."""
        ...

    @property
    def hearing(self) -> Hearing:
        """What is made of it."""
        ...

    @property
    def letters(self) -> Letters | None:
        """Carries links by e-mail; None where there is no mail server."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Everything behind the routes. Without a city (a bare broker) the twin's own API is not mounted."""

    broker: Broker
    contexts: Contexts
    city: City | None = None
    shown: Shown | None = None
    """The city's views as they are now; None: as the city was read."""
    coordinator: Coordinator | None = None
    desk: Desk | None = None
    dashboards: DashboardDesk | None = None
    compositions: Compositions | None = None
    """Dashboards that people put together."""
    atlases: AtlasDesk | None = None
    plans: PlanDesk | None = None
    """The plans that laws ask of the city."""
    handovers: Handovers | None = None
    deposits: Deposits | None = None
    retention: Retention | None = None
    hooks: Hooks | None = None
    subjects: Answering | None = None
    listeners: Listeners | None = None
    """Takes files from departments."""
    proposer: Proposer | None = None
    """Proposes how new sources come in."""
    data_models: Registry | None = None
    """The data models that the twin knows."""
    masterdata: MasterData | None = None
    registered: Registered | None = None
    """Streets, areas, buildings, organisations: who a name means."""
    subscriptions: Subscriptions | None = None
    registrations: Registrations | None = None
    """Other brokers that have context information, too; without them, everything is local."""
    source_subscriptions: SourceSubscriptions | None = None
    distribution: Distribution | None = None
    """Shares requests with other brokers."""
    remote_subscriptions: RemoteSubscriptions | None = None
    """Has other brokers help to serve subscriptions."""
    library: ContextLibrary | None = None
    """Keeps hosted @contexts; without one they live as long as the server."""
    entity_maps: EntityMaps | None = None
    """Keeps entity maps; made with the routes where there is none."""
    snapshots: Snapshots | None = None
    """Keeps snapshots; made with the routes where there is none, and then tells nobody of them."""
    transients: Transients | None = None
    """Removes what has ended; made with the routes where there is none, and then works when it is asked."""
    readiness: Callable[[], Readiness] = _ready
    settings: ApiSettings = ApiSettings()
    governed: Governed | None = None
    """People, roles, policies and the audit log."""
    federation: Federation | None = None
    decisions: DecisionDesk | None = None
    assessment: AssessmentDesk | None = None
    """What programmes ask of this twin."""
    participation: Participating | None = None
    """What people are asked, and say; None where this twin asks nobody."""
    notices: NoticeDesk | None = None
    help: Help | None = None
    """Questions and answers, tutorials, the search of the documentation."""
    scenes: Hub | None = None
    """Scenes that people look at together; None where no WebSocket can be spoken."""
    push_key: Callable[[], str] | None = None
    """What browsers subscribe with (VAPID); None where none can be told."""
    """Dealings with other twins; None where this one cannot prove who it is."""
    contracting: Contracting | None = None
    """Contracts with other twins, and data under them."""
    assets: Assets | None = None
    """What can be published and what was taken from others; None where this twin cannot prove who it is."""
    access: Access | None = None
    """Asks who somebody is and whether they may; None where whoever reaches the server may do everything."""
    site: ASGIApp | None = None
    """Serves the built UI for every path that no API owns."""
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    """Entered when the server starts, left when it stops."""
