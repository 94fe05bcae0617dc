"""Where notifications go (clause 5.2.15): reading the ``endpoint`` of a subscription."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sympolis.context.subscriptions.members import listed, object_of, seconds, text_of
from sympolis.context.subscriptions.subscription import Endpoint
from sympolis.domain.errors import BadRequestData

_ENDPOINT = frozenset({"uri", "accept", "receiverInfo", "notifierInfo", "timeout", "cooldown"})
ACCEPTED = ("application/json", "application/ld+json", "application/geo+json")
SCHEMES = ("http", "https", "mqtt", "mqtts")
_MQTT = {"MQTT-Version": ("mqtt3.1.1", "mqtt5.0"), "MQTT-QoS": ("0", "1", "2")}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade", "trailer"}
)


def read_endpoint(value: Any) -> Endpoint:
    """The endpoint of ``notification.endpoint``. Raises ``BadRequestData``."""
    where = "notification.endpoint"
    parts = object_of(value, where, _ENDPOINT)
    uri = check_uri(parts.get("uri"), f"{where}.uri")
    accept = parts.get("accept", ACCEPTED[0])
    if accept not in ACCEPTED:
        raise BadRequestData("unknown media type", where=f"{where}.accept", hint=", ".join(ACCEPTED))
    return Endpoint(
        uri=uri,
        accept=accept,
        receiver_info=_pairs(parts.get("receiverInfo", []), f"{where}.receiverInfo", _check_header),
        notifier_info=_pairs(parts.get("notifierInfo", []), f"{where}.notifierInfo", _check_mqtt),
        timeout_s=seconds(parts["timeout"], f"{where}.timeout") / 1000 if "timeout" in parts else None,
        cooldown_s=seconds(parts.get("cooldown", 0), f"{where}.cooldown") / 1000,
    )


def check_uri(value: Any, where: str) -> str:
    """``value`` if notifications can go there. Raises ``BadRequestData``."""
    text = text_of(value, where)
    try:
        parts = urlsplit(text)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known or re.search(r"[\s\x00-\x1f\x7f]", text) or len(text) > 2048:
        raise BadRequestData("expected an http(s) or mqtt(s) URI with a host", where=where)
    if parts.scheme in ("mqtt", "mqtts"):
        _check_topic(text.split("/", 3)[-1] if parts.path else "", where)
    return text


def _check_topic(topic: str, where: str) -> None:
    if not topic or "+" in topic or "#" in topic:
        raise BadRequestData(
            "an MQTT URI needs a topic without wildcards", where=where, hint="mqtt://host[:port]/topic"
        )


def _pairs(value: Any, where: str, check: Callable[[str, str, str], None]) -> tuple[tuple[str, str], ...]:
    found = []
    for one in listed(value, where, empty=True):
        pair = object_of(one, where, frozenset({"key", "value"}))
        key, text = text_of(pair.get("key"), f"{where}.key"), text_of(pair.get("value"), f"{where}.value")
        check(key, text, where)
        found.append((key, text))
    return tuple(found)


def _check_header(key: str, value: str, where: str) -> None:
    if not _HEADER_NAME.fullmatch(key) or not value.isprintable() or not value.isascii():
        raise BadRequestData("this is not a header", where=where)
    if key.lower() in _OWN_HEADERS:
        raise BadRequestData(f"the header {key} is not yours to set", where=where)


def _check_mqtt(key: str, value: str, where: str) -> None:
    if key not in _MQTT:
        raise BadRequestData(f"unknown setting {key!r}", where=where, hint=", ".join(_MQTT))
    if value not in _MQTT[key]:
        raise BadRequestData(f"unknown value of {key}", where=where, hint=", ".join(_MQTT[key]))
