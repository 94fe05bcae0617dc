"""The facts of a running twin as checks read them: plain values, so that what is claimed can be proved by a test.

Whoever mounts the twin gathers them (``api.assessment.observing``) at the moment of the question; nothing here is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sympolis.domain.reading import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset, as its source is declared and governed."""

    id: str
    title: Texts
    owner: str
    licence: str
    entity_type: str
    described: bool = False
    themes: tuple[str, ...] = ()
    data_model: str = ""
    """The data model that it promises to follow; empty where it promises none."""
    reads_anew: bool = False
    """Whether it is read anew on its own, or speaks up itself."""
    expires: bool = False
    """Whether it is said how long things are kept."""
    protects_people: bool = False
    """Whether fields about persons are taken out, replaced or summed up before anything looks at them."""
    policy: bool = False
    """Whether a policy says who may have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: simulated or learned."""

    id: str
    title: Texts
    version: str
    learned: bool = False
    bounded: bool = False
    """Whether it is said what it is not good for."""
    calibrated: bool = False
    """Whether it was held against measurements."""
    licence: str = ""
    owner: str = ""
    data: tuple[str, ...] = ()
    """Entity types (simulated) or datasets (learned) that it rests on."""
    components: tuple[str, ...] = ()
    """Parts of software or pretrained models that it is made of: name, version, licence."""
    intended_use: Texts = field(default_factory=dict)
    risk: str = ""
    """Risk class that its owner declares (AI Act): minimal, limited, high; empty where nobody said."""
    reasons: Texts = field(default_factory=dict)
    """Why that risk class."""
    oversight: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One question that the twin can be asked."""

    id: str
    title: Texts
    runs_here: bool
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface at which the twin answers."""

    id: str
    title: Texts
    path: str
    standard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the server is really configured: what a self-check of its security reads. Nothing secret is in it."""

    hosts: tuple[str, ...] = ()
    """Names by which it may be addressed beside its own; ``*``: any."""
    embedders: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    """Names of the security headers that its answers carry."""
    issuers: tuple[str, ...] = ()
    """Addresses of the identity providers whose tokens are accepted."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks whose word on the caller's address is believed."""
    private_addresses: bool = False
    """Whether it calls private addresses for whoever asks."""
    test_mode: bool = False
    debugging: bool = False
    mail: str = ""
    """Scheme of the mail server; empty where none is set."""
    durable: bool = True
    folder_mode: int = 0
    """Permission bits of the data folder; 0 where there is none yet."""
    most_body_bytes: int = 0
    timeout_s: float = 0.0
    worker_memory_mb: int = 0
    """Most memory of a worker; 0: no bound."""
    core_watts: float = 0.0
    """Power of a busy core with which energy is estimated; 0: no estimate."""
    longest_key_days: int = 0
    """Days that the longest-lived key of a machine has still to run; 0 where there is no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the checks may ask. ``parts`` are parts at work beside those that every twin has."""

    at: datetime
    city: str
    title: Texts
    operator: str
    country: str
    version: str = ""
    languages: tuple[str, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    models: tuple[Model, ...] = ()
    services: tuple[Service, ...] = ()
    parts: frozenset[str] = frozenset()
    operations: int = 0
    guarded: int = 0
    """Operations that need a right."""
    identity: str = "machine"
    """``machine``, ``required`` or ``open``: the setting of that name."""
    encrypted: bool = False
    """Whether the public address is reached by TLS."""
    data_models: int = 0
    entities: int = 0
    observations: int = 0
    forecasts: int = 0
    forecasters: tuple[Model, ...] = ()
    """What forecasts are made with: models fitted here to the city's own series."""
    scenarios: int = 0
    finished_runs: int = 0
    policies: int = 0
    """Datasets, services and models that an ODRL policy speaks of."""
    partners: int = 0
    agreements: int = 0
    onboarded: bool = False
    """Whether the authority of a SIMPL-Open dataspace has given this twin a certificate that is valid now."""
    assets: int = 0
    """Assets that are on offer to other twins."""
    moments: tuple[str, ...] = ()
    """The assessments that were kept: ``baseline``, ``interim``, ``final``."""
    energy_kwh: float | None = None
    """Electricity of all finished runs, by the tariff that is set; None where none was estimated."""
    training_kwh: float | None = None
    """Electricity of fitting forecasts, likewise."""
    inference_kwh: float | None = None
    """Electricity of asking learned models, likewise."""
    reused_runs: int = 0
    """Finished runs that were answered from kept results."""
    setup: Setup | None = None
    """None where nobody told it."""
