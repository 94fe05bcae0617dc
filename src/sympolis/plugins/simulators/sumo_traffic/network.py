"""Turns the twin's road entities into a SUMO network and back, so that any city with roads can be simulated.

``netconvert`` builds right of way, turning curves and signal plans from what the entities say and fills in what they
leave open (connections, signal programmes). What it built is then read back: routes are searched and measures checked
on the network that is really simulated. SUMO's own ids are short and XML-safe (``e0``, ``n0``, ``s0``, numbered in the
order of the entity ids); the tables in ``model.json`` lead back to the entities.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.sumo_traffic.binaries import run_binary

Entity = Mapping[str, Any]
LonLat = tuple[float, float]

NETWORK_FILE = "network.net.xml"
EARTH_RADIUS_M = 6_378_137.0
EARTH_FLATTENING = 1 / 298.257223563
"""WGS84."""
DEFAULT_SPEED_KMH = 50.0
_NO_CONNECTION: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A road segment as it is simulated. ``allowed`` are the SUMO classes it is open to (None: all)."""

    id: str
    name: str
    line: tuple[LonLat, ...]
    start: int
    end: int
    length_m: float
    speed_ms: float
    lanes: int
    allowed: frozenset[str] | None
    signalled: bool
    successors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """The simulated network: segment ``i`` is SUMO's edge ``e{i}``."""

    segments: tuple[Segment, ...]
    index: Mapping[str, int]
    gates: frozenset[int]
    """Segments that nothing leads to or that lead nowhere: their traffic comes from or goes outside the network."""

    def find(self, reference: str) -> int | None:
        """The segment with this entity id, or with this local id (the id's last part)."""
        return self.index.get(reference)


class Frame:
    """A flat frame in metres around the network: exact to a few centimetres per kilometre."""

    def __init__(self, points: Iterable[LonLat]) -> None:
        lons, lats = zip(*points, strict=True)
        self._lon = (min(lons) + max(lons)) / 2
        self._lat = (min(lats) + max(lats)) / 2
        latitude = math.radians(self._lat)
        bulge = 1 - (EARTH_FLATTENING * (2 - EARTH_FLATTENING)) * math.sin(latitude) ** 2
        self._east = math.radians(1) * EARTH_RADIUS_M / math.sqrt(bulge) * math.cos(latitude)
        self._north = math.radians(1) * EARTH_RADIUS_M * (1 - EARTH_FLATTENING) ** 2 / bulge**1.5

    def xy(self, point: LonLat) -> str:
        """``x,y`` in metres."""
        return f"{(point[0] - self._lon) * self._east:.2f},{(point[1] - self._lat) * self._north:.2f}"


def local_id(urn: str) -> str:
    """The last part of an entity id: ``a10`` of ``urn:ngsi-ld:RoadSegment:trento:a10``."""
    return urn.rsplit(":", 1)[-1]


def numbered(entities: Sequence[Entity]) -> tuple[list[Entity], dict[str, int]]:
    """Entities in the order of their ids, and each one's number by id and by local id."""
    ordered = sorted(entities, key=lambda e: str(e["id"]))
    index = {local_id(e["id"]): i for i, e in enumerate(ordered)}
    index |= {str(e["id"]): i for i, e in enumerate(ordered)}
    return ordered, index


def line_of(entity: Entity) -> tuple[LonLat, ...]:
    """The entity's line. Raises ``ModelFailed`` if it has none."""
    geometry = entity.get("location") or {}
    points = geometry.get("coordinates") or ()
    if geometry.get("type") != "LineString" or len(points) < 2:
        raise ModelFailed(
            "a LineString of at least two points was expected", where=f"{entity['id']}: location"
        )
    return tuple((float(p[0]), float(p[1])) for p in points)


def build_network(
    roads: Sequence[Entity], nodes: Sequence[Entity], signals: Sequence[Entity], folder: Path
) -> Network:
    """Write ``network.net.xml`` into ``folder`` and return what it holds. Raises ``ModelFailed``."""
    roads, road_index = numbered([r for r in roads if r.get("simulated", True)])
    nodes, node_index = numbered(nodes)
    signals, signal_index = numbered(signals)
    if not roads:
        raise ModelFailed("there is no road segment to simulate", where="RoadSegment")
    frame = Frame(point for road in roads for point in line_of(road))
    plain = {
        "nodes": _nodes_xml(nodes, signal_index, frame),
        "edges": _edges_xml(roads, node_index, frame),
        "connections": _connections_xml(roads, nodes, road_index),
    }
    programmes = _signals_xml(signals, roads, road_index, signal_index)
    if programmes:
        plain["tllogics"] = programmes
    _write_plain(folder, plain)
    _convert(folder, plain)
    return read_network(folder / NETWORK_FILE, roads, road_index)


def _write_plain(folder: Path, plain: Mapping[str, list[str]]) -> None:
    for name, rows in plain.items():
        body = "\n".join(rows)
        (folder / f"{name}.xml").write_text(f"<{name}>\n{body}\n</{name}>\n", encoding="utf-8")


def _convert(folder: Path, plain: Mapping[str, Any]) -> None:
    options = {"nodes": "-n", "edges": "-e", "connections": "-x", "tllogics": "-i"}
    inputs = [part for name in plain for part in (options[name], f"{name}.xml")]
    choices = ["--no-turnarounds", "--check-lane-foes.all", "--tls.ignore-internal-junction-jam"]
    run_binary("netconvert", [*inputs, *choices, "--no-warnings", "-o", NETWORK_FILE], folder)


def _element(tag: str, attributes: Mapping[str, object], children: Sequence[str] = ()) -> str:
    given = " ".join(
        f"{key}={quoteattr(str(value))}" for key, value in attributes.items() if value is not None
    )
    return f"<{tag} {given}>{''.join(children)}</{tag}>" if children else f"<{tag} {given}/>"


def _nodes_xml(nodes: Sequence[Entity], signals: Mapping[str, int], frame: Frame) -> list[str]:
    rows = []
    for number, node in enumerate(nodes):
        x, y = frame.xy(tuple(node["location"]["coordinates"][:2])).split(",")
        signal = signals.get(str(node.get("refTrafficSignal", "")))
        kind = "traffic_light" if signal is not None else node.get("junctionType", "priority")
        attributes = {
            "id": f"n{number}",
            "x": x,
            "y": y,
            "type": None if kind == "dead_end" else kind,
            "tl": None if signal is None else f"s{signal}",
            "rightOfWay": node.get("rightOfWay"),
        }
        rows.append(_element("node", attributes))
    return rows


def _edges_xml(roads: Sequence[Entity], nodes: Mapping[str, int], frame: Frame) -> list[str]:
    rows = []
    for number, road in enumerate(roads):
        lanes = road.get("lanes") or []
        speed = float(road.get("maximumAllowedSpeed") or DEFAULT_SPEED_KMH) / 3.6
        attributes = {
            "id": f"e{number}",
            "from": f"n{_resolve(road, 'startNode', nodes)}",
            "to": f"n{_resolve(road, 'endNode', nodes)}",
            "numLanes": len(lanes) or int(road.get("totalLaneNumber") or 1),
            "speed": f"{speed:.2f}",
            "priority": int(road.get("priority", -1)),
            "spreadType": road.get("laneSpread"),
            "shape": " ".join(frame.xy(point) for point in line_of(road)),
            "length": road.get("length"),
        }
        rows.append(_element("edge", attributes, [_lane_xml(lane) for lane in lanes]))
    return rows


def _resolve(entity: Entity, attribute: str, index: Mapping[str, int]) -> int:
    found = index.get(str(entity.get(attribute)))
    if found is None:
        message = f"refers to {entity.get(attribute)!r}, which is not among the entities"
        raise ModelFailed(
            message, where=f"{entity['id']}: {attribute}", hint="load the source that holds it first"
        )
    return found


def _lane_xml(lane: Entity) -> str:
    attributes = {
        "index": lane["index"],
        "speed": lane.get("speed"),
        "allow": " ".join(lane.get("allow") or ()) or None,
        "disallow": " ".join(lane.get("disallow") or ()) or None,
        "width": lane.get("width"),
    }
    return _element("lane", attributes)


def _connections_xml(roads: Sequence[Entity], nodes: Sequence[Entity], index: Mapping[str, int]) -> list[str]:
    rows = []
    for number, road in enumerate(roads):
        given = road.get("laneConnections")
        for connection in given or ():
            rows.append(_element("connection", _connection(number, connection, index)))
        if given is not None and not given:
            rows.append(
                _element("connection", {"from": f"e{number}"})
            )  # it ends here: leave nothing to guess
    return rows + list(_prohibitions_xml(nodes, index))


def _connection(number: int, connection: Entity, index: Mapping[str, int]) -> dict[str, object]:
    found = index.get(str(connection["to"]))
    if found is None:
        raise ModelFailed(
            f"leads to {connection['to']!r}, which is not simulated", where=f"e{number}: laneConnections"
        )
    return {
        "from": f"e{number}",
        "to": f"e{found}",
        "fromLane": connection["fromLane"],
        "toLane": connection["toLane"],
        "uncontrolled": "1" if connection.get("uncontrolled") else None,
        "keepClear": "0" if connection.get("keepClear") is False else None,
        "visibility": connection.get("visibility"),
    }


def _prohibitions_xml(nodes: Sequence[Entity], index: Mapping[str, int]) -> Iterator[str]:
    for node in nodes:
        for rule in node.get("prohibitions") or ():
            first, second, third, fourth = (f"e{index[str(part)]}" for part in rule)
            yield _element(
                "prohibition", {"prohibitor": f"{first}->{second}", "prohibited": f"{third}->{fourth}"}
            )


def _signals_xml(
    signals: Sequence[Entity],
    roads: Sequence[Entity],
    road_index: Mapping[str, int],
    signal_index: Mapping[str, int],
) -> list[str]:
    rows = []
    for number, signal in enumerate(signals):
        program = signal.get("program") or {}
        given = ({"duration": p["duration"], "state": p["state"]} for p in program.get("phases", ()))
        phases = [_element("phase", phase) for phase in given]
        attributes = {
            "id": f"s{number}",
            "type": "static",
            "programID": "0",
            "offset": program.get("offset", 0),
        }
        if phases:
            rows.append(_element("tlLogic", attributes, phases))
    return rows + list(_controlled_xml(roads, road_index, signal_index)) if rows else []


def _controlled_xml(
    roads: Sequence[Entity], road_index: Mapping[str, int], signal_index: Mapping[str, int]
) -> Iterator[str]:
    for number, road in enumerate(roads):
        for connection in road.get("laneConnections") or _NO_CONNECTION:
            signal = signal_index.get(str(connection.get("signal", "")))
            if signal is not None:
                kept = _connection(number, connection, road_index)
                kept |= {"tl": f"s{signal}", "linkIndex": connection["linkIndex"]}
                yield _element("connection", {k: v for k, v in kept.items() if k not in _NOT_OF_SIGNALS})


_NOT_OF_SIGNALS = {"uncontrolled", "keepClear", "visibility"}


def read_network(path: Path, roads: Sequence[Entity], road_index: Mapping[str, int]) -> Network:
    """The network that ``netconvert`` built, with the entities' names and lines."""
    root = ET.parse(path).getroot()  # noqa: S314 - written by netconvert a moment ago
    edges = {e.attrib["id"]: e for e in root.iter("edge") if e.get("function") != "internal"}
    successors: dict[str, set[int]] = {edge: set() for edge in edges}
    signalled: set[str] = set()
    for connection in root.iter("connection"):
        source = connection.attrib["from"]
        if source in edges:
            successors[source].add(_number(connection.attrib["to"]))
            if connection.get("tl"):
                signalled.add(source)
    segments = []
    for number, road in enumerate(roads):
        edge = edges[f"e{number}"]
        shared = (road, edge, tuple(sorted(successors[f"e{number}"])), f"e{number}" in signalled)
        segments.append(_segment(*shared))
    return Network(tuple(segments), dict(road_index), gates_of(segments))


def gates_of(segments: Sequence[Segment]) -> frozenset[int]:
    """The segments at which the modelled network ends."""
    entrances = frozenset(range(len(segments))) - {following for s in segments for following in s.successors}
    return entrances | {number for number, s in enumerate(segments) if not s.successors}


def _number(edge_id: str) -> int:
    return int(edge_id[1:])


def _segment(road: Entity, edge: ET.Element, successors: tuple[int, ...], signalled: bool) -> Segment:
    lanes = edge.findall("lane")
    return Segment(
        id=str(road["id"]),
        name=_plain_name(road.get("name")),
        line=line_of(road),
        start=_number(edge.attrib["from"]),
        end=_number(edge.attrib["to"]),
        length_m=float(lanes[0].attrib["length"]),
        speed_ms=max(float(lane.attrib["speed"]) for lane in lanes),
        lanes=len(lanes),
        allowed=_allowed(lanes),
        signalled=signalled,
        successors=successors,
    )


def _plain_name(name: object) -> str:
    """A name may be plain text or a language map."""
    if isinstance(name, Mapping):
        return str(next(iter(name.values()), ""))
    return str(name or "")


def _allowed(lanes: Sequence[ET.Element]) -> frozenset[str] | None:
    if any("allow" not in lane.attrib for lane in lanes):
        return None
    return frozenset(word for lane in lanes for word in lane.attrib["allow"].split())
