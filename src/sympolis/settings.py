"""What a person may set: every flag of ``serve`` and ``demo`` is also ``SYMPOLIS_*`` and a line of ``sympolis.toml``.

Flags win over the environment, the environment over the file, the file over the defaults. Unknown keys are errors.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from sympolis.domain import errors

PREFIX = "SYMPOLIS_"
_HERE = Path(__file__).parent
_CITIES = (_HERE.parents[1] / "cities", _HERE / "cities")
"""Where packages lie that come with the platform: in a checkout, in the wheel."""
FIRST_CITY = min((one.parent.name for home in _CITIES for one in home.glob("*/city.toml")), default="")
"""The city that is meant where none is named: the first by name of those that come with the platform."""
FILE = "sympolis.toml"
ENVIRONMENT_ONLY = frozenset(
    {
        "CHROMIUM",
        "CONFIG",
        "KEY",
        "PICTURES",
        "REBUILD_UI",
        "REQUIRE_BROWSER",
        "REQUIRE_LDES_CLIENT",
        "REQUIRE_MOSQUITTO",
        "REQUIRE_POSTGRES",
        "TWIN_URL",
    }
)
"""``SYMPOLIS_*`` variables that are for builds, tests and commands, not settings of a server."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run one twin, or one broker; beside each field stands what it means (``meanings``)."""

    city: Annotated[str, "A city package: its name, or the path of its folder."] = FIRST_CITY
    host: Annotated[str, "Address to bind."] = "127.0.0.1"
    port: Annotated[int, "Port; 0 takes any free one."] = 8400
    data: Annotated[Path, "Folder that keeps everything the twin knows, a sub-folder per city."] = Path(
        ".sympolis"
    )
    store: Annotated[str, "embedded, memory or postgresql://…"] = "embedded"
    hosts: Annotated[
        tuple[str, ...],
        "Further names by which browsers may reach the server (against DNS rebinding); * for any.",
    ] = ()
    embedders: Annotated[
        tuple[str, ...],
        "Origins of web sites that may show pages below /embed/ in a frame: https://www.city.example; * for any.",
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        "Addresses and networks of proxies in front: what they say in X-Forwarded-For and -Proto is believed, of nobody"
        " else. Failed attempts to sign in are counted by the address that comes of it.",
    ] = ("127.0.0.1", "::1")
    public_url: Annotated[
        str,
        "Address under which others reach this server, such as https://broker.city.example. Other brokers send there"
        " what copies of subscriptions bring; else to the address that the first such subscription was made at.",
    ] = ""
    tls_certificate: Annotated[
        str,
        "PEM file with the certificate (and its chain) that this server shows where it calls a server that asks for"
        " one: a dataspace whose members know each other by certificates. See docs/howto/join-a-simpl-dataspace.md.",
    ] = ""
    tls_key: Annotated[str, "PEM file with the key of that certificate, without a password."] = ""
    tls_roots: Annotated[
        str, "PEM file with roots that are believed beside the system's where this server calls others."
    ] = ""
    tls_client_roots: Annotated[
        str,
        "PEM file with roots of authorities: partners that were added as certified prove themselves by a client"
        " certificate below one of them, as a trusted proxy shows it (Client-Cert, RFC 9440). Nobody does without.",
    ] = ""
    refresh: Annotated[
        bool, "Read sources anew from their portals, each as often as it says; else only when asked."
    ] = False
    allow_loopback: Annotated[
        bool, "Let the server call private addresses: for tests, and for several twins on one machine."
    ] = False
    allow_hosts: Annotated[
        tuple[str, ...],
        "Private hosts and networks that the server may call all the same: broker.city.lan, 10.20.0.0/16.",
    ] = ()
    contexts: Annotated[
        tuple[str, ...],
        "Local copies of @contexts, URL=FILE each (in the file also a table), TENANT|URL=FILE for one tenant alone.",
    ] = ()
    context_cache: Annotated[int, "Copies of remote @contexts that are kept."] = 128
    context_max_age_s: Annotated[
        float, "Seconds after which such a copy is fetched again when it is used."
    ] = 86_400.0
    context_timeout_s: Annotated[
        float, "Seconds that a request waits for the @contexts it names, then 504."
    ] = 5.0
    forward_timeout_s: Annotated[
        float,
        "Seconds that a request waits for another broker, where its registration does not say"
        " (`management.timeout`).",
    ] = 3.0
    max_body_mb: Annotated[int, "Longest body of a request, in MB."] = 16
    temporal_page_size: Annotated[
        int,
        "Instances of attributes in one temporal answer; a longer one is cut and answered 206. 0: 100,000, or 30"
        " for a broker alone that may call loopback addresses, as the conformance tests have it.",
    ] = 0
    max_tenants: Annotated[int, "Tenants that may exist; creating in another one is refused."] = 1000
    hot_months: Annotated[
        int,
        "Months of history, the present one included, that the embedded store keeps in its table; older ones move"
        " into Parquet files. 0: none does.",
    ] = 2
    identity: Annotated[
        str,
        "Who may do what. machine: whoever reaches the server works on this machine and may do everything; it then"
        " only listens on loopback. required: everybody says who they are, strangers get what is public. open:"
        " everybody who reaches the server may do everything, wherever it listens.",
    ] = "machine"
    oidc: Annotated[
        tuple[str, ...],
        "OpenID Connect issuers whose tokens are accepted, ISSUER=AUDIENCE each: https://login.city.example=sympolis.",
    ] = ()
    oidc_roles_claim: Annotated[
        str, "Claim of such tokens that says what somebody is; dots lead inwards: realm_access.roles."
    ] = "roles"
    oidc_roles: Annotated[
        tuple[str, ...],
        "Roles for what that claim says, WORD=ROLE each: gis-team=analyst. Other words give none.",
    ] = ()
    sensorthings_mqtt: Annotated[
        str,
        "MQTT broker that a city's new observations are published to, mqtt[s]://HOST[:PORT], on the topics of"
        " SensorThings; whoever may listen there gets them, so not with identity = required.",
    ] = ""
    executor: Annotated[
        str,
        "Who runs models: processes (of this machine), dask (a cluster started here) or tcp://HOST:PORT, a Dask"
        " scheduler whose workers see the data folder under the same path.",
    ] = "processes"
    workers: Annotated[int, "Worker processes for models, started when there is work."] = 2
    worker_memory_mb: Annotated[
        int, "Most memory that a worker may hold, in MB; beyond it only the model fails. 0: no limit."
    ] = 4096
    simpl: Annotated[
        str,
        "File that says which SIMPL-Open governance authority this twin joins, and as whom; see"
        " docs/howto/join-a-simpl-dataspace.md. Empty: none.",
    ] = ""
    core_watts: Annotated[
        float,
        "Power of one busy core of the machines that run models, in W, with its share of memory and cooling; runs"
        " estimate their energy with it. 10 is a 65 W desktop processor of six to eight cores. 0: no estimate.",
    ] = 10.0
    eur_per_kwh: Annotated[float, "What a kilowatt hour costs these machines, in EUR."] = 0.2
    forecasts: Annotated[
        bool,
        "Work the city's forecasts out in the background once it has started, and again when their data change;"
        " else only when asked.",
    ] = False
    dsp_script: Annotated[
        str,
        "Test mode of the Dataspace Protocol: a TOML file that says what this twin does by itself, by dataset and by"
        " agreement, so that a conformance kit can drive both roles. Everybody is then taken for the kit; never set it"
        " where anything else depends on this twin.",
    ] = ""
    ended_contract_days: Annotated[
        int,
        "Days that negotiations and transfers with other twins are kept after their end. Agreements, the uses under"
        " them and the audit log stay. 0: for ever.",
    ] = 365
    mail_server: Annotated[
        str,
        "Server that carries e-mail: smtps://user:password@mail.city.example?from=twin@city.example (also smtp://,"
        " smtp+starttls://). Without one nobody is told by e-mail.",
    ] = ""
    log_level: Annotated[str, "debug, info, warning or error."] = "warning"

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            _check(low <= value <= high, name, f"{value:g} is out of bounds", f"use {low:,} to {high:,}")
        _check(
            self.store in STORES or self.store.startswith(POSTGRESQL),
            "store",
            f"{self.store!r} is not a store",
            f"use one of {', '.join(STORES)}, or an address that begins with {POSTGRESQL}",
        )
        _check(
            self.identity in IDENTITY,
            "identity",
            f"{self.identity!r} is not known",
            f"use one of {', '.join(IDENTITY)}",
        )
        _check(
            not (self.sensorthings_mqtt and self.identity == "required"),
            "sensorthings_mqtt",
            "whoever may listen at that broker would get everything",
            "leave it out where identity is required; subscriptions ask who somebody is",
        )
        _check(
            self.executor in EXECUTORS or self.executor.startswith(SCHEDULER),
            "executor",
            f"{self.executor!r} is not known",
            f"use one of {', '.join(EXECUTORS)}, or the address of a Dask scheduler, tcp://HOST:PORT",
        )
        _check(
            self.log_level in LOG_LEVELS,
            "log_level",
            f"{self.log_level!r} is no level",
            f"use one of {', '.join(LOG_LEVELS)}",
        )
        _check(
            not self.public_url or _is_address(self.public_url),
            "public_url",
            f"{self.public_url!r} is not the address of a server",
            "use http:// or https://, a host, a port and a path where needed: https://broker.city.example",
        )
        _check(
            bool(self.tls_certificate) == bool(self.tls_key),
            "tls_key",
            "a certificate and its key are given together",
            "set both tls_certificate and tls_key",
        )
        for proxy in self.trusted_proxies:
            _check(
                _is_network(proxy), "trusted_proxies", f"{proxy!r} is no address", "10.0.0.7 or 10.0.0.0/24"
            )

    @property
    def public_host(self) -> str:
        """The host in ``public_url``; '' where there is none."""
        return urlsplit(self.public_url).hostname or ""


BOUNDS: Mapping[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "max_body_mb": (1, 1024),
    "temporal_page_size": (0, 10_000_000),
    "max_tenants": (1, 100_000),
    "hot_months": (0, 1200),
    "context_cache": (32, 10_000),
    "context_max_age_s": (1, 10**9),
    "context_timeout_s": (0.1, 60),
    "forward_timeout_s": (0.1, 60),
    "workers": (1, 256),
    "worker_memory_mb": (0, 10**7),
    "ended_contract_days": (0, 36_500),
    "core_watts": (0, 10_000),
    "eur_per_kwh": (0, 100),
}
STORES = ("embedded", "memory")
POSTGRESQL = ("postgresql://", "postgres://")
"""A store setting that begins with either is the address of a PostgreSQL database (docs/howto/use-postgresql.md)."""
EXECUTORS = ("processes", "dask")
SCHEDULER = ("tcp://", "tls://")
IDENTITY = ("machine", "required", "open")
LOG_LEVELS = ("debug", "info", "warning", "error")


def meanings() -> dict[str, str]:
    """What each setting means, by name."""
    return {
        name: kind.__metadata__[0] for name, kind in get_type_hints(Settings, include_extras=True).items()
    }


def read(
    flags: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from flags (None: not given), environment, file and ``defaults``, in this order.

    Raises ``SettingsInvalid``.
    """
    environment = os.environ if environment is None else environment
    chosen = file or Path(environment.get(PREFIX + "CONFIG", FILE))
    values: dict[str, Any] = {
        **(defaults or {}),
        **_from_file(chosen, required=file is not None),
        **_from_environment(environment),
    }
    values.update({name: value for name, value in flags.items() if value is not None})
    return Settings(**{name: _typed(name, value) for name, value in values.items()})


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise errors.SettingsInvalid("there is no such file", where=str(path))
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise errors.SettingsInvalid(f"is not TOML: {problem}", where=str(path)) from problem
    for name in found:
        _known(name, f"{path}: {name}")
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, value in environment.items():
        short = variable.removeprefix(PREFIX)
        if short == variable or short in ENVIRONMENT_ONLY:
            continue
        _known(short.lower(), variable)
        found[short.lower()] = value
    return found


def _known(name: str, where: str) -> None:
    names = [one.name for one in fields(Settings)]
    _check(name in names, where, "is not a setting", f"known: {', '.join(names)}")


def _typed(name: str, value: Any) -> Any:
    kind: Any = type(next(one.default for one in fields(Settings) if one.name == name))
    try:
        if kind is tuple:
            if isinstance(value, Mapping):
                value = [f"{key}={one}" for key, one in value.items()]
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(part.strip() for part in parts if part.strip())
        if kind is bool and isinstance(value, str):
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                value.lower()
            ]
        return kind(value)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise errors.SettingsInvalid(f"{value!r} is not a {kind.__name__}", where=name) from problem


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_address(url: str) -> bool:
    """Whether paths can be put behind it: no query or fragment, and no password that others would come to see."""
    try:
        parts = urlsplit(url)
        good = parts.port != 0
    except ValueError:  # a port that is no number, a host in brackets that is no address
        return False
    plain = url.isascii() and url.isprintable() and not set(url) & set(' ?#@<>"\\')
    return good and plain and parts.scheme in ("http", "https") and bool(parts.hostname)


def _check(holds: bool, where: str, message: str, hint: str) -> None:
    if not holds:
        raise errors.SettingsInvalid(message, where=where, hint=hint)
