"""An alert as a message of the Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010).

Any broadcaster, app or neighbouring city that reads CAP can take it. Elements stand in the order that the standard's
schema asks for; there is one ``info`` for each language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA = "application/cap+xml"

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a CAP message says; texts by language, the first language of ``languages`` first.

    ``box``: west, south, east, north [°]. ``status``: Actual, Exercise, System, Test or Draft (clause 3.2.1).
    """

    identifier: str
    sender: str
    sent: datetime
    status: str
    category: str
    severity: str
    urgency: str
    certainty: str
    event: Texts
    headline: Texts
    instruction: Texts
    onset: datetime
    expires: datetime
    sender_name: str
    web: str
    parameters: Mapping[str, str]
    area: str
    box: tuple[float, float, float, float]
    languages: Sequence[str]


def write(message: Message) -> bytes:
    """The message as XML, UTF-8."""
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.Element(f"{{{NAMESPACE}}}alert")
    for name, value in (
        ("identifier", message.identifier), ("sender", message.sender), ("sent", _time(message.sent)),
        ("status", message.status), ("msgType", "Alert"), ("scope", "Public"),
    ):  # fmt: skip
        _add(root, name, value)
    for language in message.languages:
        _info(root, message, language)
    found: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _info(root: ElementTree.Element, message: Message, language: str) -> None:
    info = ElementTree.SubElement(root, f"{{{NAMESPACE}}}info")
    for name, value in (
        ("language", language), ("category", message.category), ("event", _said(message.event, language)),
        ("urgency", message.urgency), ("severity", message.severity), ("certainty", message.certainty),
        ("onset", _time(message.onset)), ("expires", _time(message.expires)), ("senderName", message.sender_name),
        ("headline", _said(message.headline, language)), ("instruction", _said(message.instruction, language)),
        ("web", message.web),
    ):  # fmt: skip
        if value:
            _add(info, name, value)
    for name, value in message.parameters.items():
        parameter = ElementTree.SubElement(info, f"{{{NAMESPACE}}}parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    area = ElementTree.SubElement(info, f"{{{NAMESPACE}}}area")
    _add(area, "areaDesc", message.area)
    west, south, east, north = message.box
    corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
    _add(area, "polygon", " ".join(f"{latitude:g},{longitude:g}" for latitude, longitude in corners))


def _add(parent: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = value


def _said(texts: Texts, language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")


def _time(at: datetime) -> str:
    """With whole seconds and a numeric offset: CAP allows no ``Z`` (clause 3.3.2)."""
    return at.replace(microsecond=0).isoformat()
