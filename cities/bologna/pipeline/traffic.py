"""Derives the twin's compact traffic tables, because the simulator is fed from entities and not from SUMO's own files.

Reads the open data pack (DLR's SUMO scenario "joined" of Bologna, the Comune's 2024 loop counts, OpenStreetMap's
street names) and writes, below ``out/traffic``: ``segments``, ``nodes``, ``signals``, ``demand`` and ``loops`` as
GeoJSON, the hourly counts as CSV (a row per loop and day), and ``tables.json``, which says for each table how many
rows were read and written and why they differ. Rows that look wrong are not dropped here: the twin's quality gate
judges them. The output is a pure function of the input: same pack, same bytes.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sqlite3
import tarfile
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyproj import Transformer
from shapely import STRtree, from_wkb
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

SCENARIO = "sumo/bologna_sumo_scenarios.tar.gz"
SCENARIO_FOLDER = "bologna/joined/"
LOOPS = "traffic/spire_2024_bologna_joined_area.csv"
STREETS = "osm/bologna_road_network.gpkg"
TIME_ZONE = "Europe/Rome"
DEMAND_START = "08:00"
"""The scenario's hour is the morning peak 08–09 of a working day."""
INTERVAL_MINUTES = 5
INTERVALS = 12
DECIMALS = 7
"""About one centimetre: enough for netconvert to rebuild the same junctions."""
VEHICLE_CLASS = {"private": "car", "ignoring": "authorised", "bus": "bus"}
"""The scenario's "ignoring" vehicles may use bus lanes and bus streets: taxis and other permit holders."""
LOOP_MAX_DISTANCE_M = 20.0
LOOP_MAX_TURN_DEG = 30.0
PLAIN_LOOP_LEVEL = "1"
NAME_MAX_DISTANCE_M = 18.0

XY = tuple[float, float]
Row = dict[str, Any]


@dataclass(slots=True)
class Network:
    """The scenario's network as parsed: plain records by SUMO id, metres in the scenario's own frame."""

    origin: XY
    nodes: dict[str, Row] = field(default_factory=dict)
    edges: dict[str, Row] = field(default_factory=dict)
    connections: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    node_signal: dict[str, str] = field(default_factory=dict)
    prohibitions: list[tuple[str, ...]] = field(default_factory=list)


def build(pack: Path, out: Path) -> None:
    """Write the traffic tables below ``out/traffic`` from the data pack of Bologna at ``pack``."""
    folder = out / "traffic"
    folder.mkdir(parents=True, exist_ok=True)
    files = _scenario_files(pack / SCENARIO)
    network = _parse_network(files["joined_buslanes.net.xml"])
    local = _local_ids(network.edges)
    to_lonlat = _Projection(network.origin)
    names = _street_names(pack / STREETS, network, to_lonlat)
    vehicles = _vehicles(files)
    loops = _read_loops(pack / LOOPS)
    report = {
        "segments": _write_segments(folder, network, local, names, to_lonlat),
        "nodes": _write_nodes(folder, network, local, to_lonlat),
        "signals": _write_signals(folder, files["joined_tls.add.xml"], network, to_lonlat),
        "demand": _write_demand(
            folder, vehicles, files["joined_bus_stops.add.xml"], network, local, to_lonlat
        ),
        "loops": _write_loops(folder, loops, files["joined_detectors.add.xml"], network, local, to_lonlat),
        "loop_counts": _write_counts(folder, loops),
    }
    (folder / "tables.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


class _Projection:
    """From the scenario's frame (UTM 32N, shifted) to WGS84 and back."""

    def __init__(self, origin: XY) -> None:
        self._origin = origin
        self._out = Transformer.from_crs(32632, 4326, always_xy=True)
        self._in = Transformer.from_crs(4326, 32632, always_xy=True)

    def __call__(self, point: XY) -> list[float]:
        lon, lat = self._out.transform(point[0] - self._origin[0], point[1] - self._origin[1])
        return [round(lon, DECIMALS), round(lat, DECIMALS)]

    def local(self, lon: float, lat: float) -> XY:
        x, y = self._in.transform(lon, lat)
        return x + self._origin[0], y + self._origin[1]


# --- reading ------------------------------------------------------------------------------------------------------


def _scenario_files(archive: Path) -> dict[str, ET.Element]:
    with tarfile.open(archive) as tar:
        wanted = [
            m for m in tar.getmembers() if m.name.startswith(SCENARIO_FOLDER) and m.name.endswith(".xml")
        ]
        return {m.name.removeprefix(SCENARIO_FOLDER): _parse_xml(tar, m) for m in wanted}


def _parse_xml(tar: tarfile.TarFile, member: tarfile.TarInfo) -> ET.Element:
    stream = tar.extractfile(member)
    assert stream is not None, member.name
    return ET.fromstring(stream.read())  # noqa: S314 - the city's own data pack


def _xy(text: str) -> XY:
    x, y = text.split(",")[:2]
    return float(x), float(y)


def _parse_network(root: ET.Element) -> Network:
    location = root.find("location")
    assert location is not None
    network = Network(origin=_xy(location.attrib["netOffset"]))
    for junction in root.iter("junction"):
        if junction.get("type") != "internal":
            network.nodes[junction.attrib["id"]] = dict(junction.attrib)
    for edge in root.iter("edge"):
        if edge.get("function") != "internal":
            network.edges[edge.attrib["id"]] = _edge(edge, network)
    for connection in root.iter("connection"):
        _keep_connection(connection, network)
    network.prohibitions = [_prohibition(p) for p in root.iter("prohibition")]
    return network


def _edge(edge: ET.Element, network: Network) -> Row:
    lanes = [dict(lane.attrib) for lane in edge.findall("lane")]
    ends = [network.nodes[edge.attrib[end]] for end in ("from", "to")]
    drawn = [_xy(p) for p in edge.get("shape", "").split()]
    straight = [(float(n["x"]), float(n["y"])) for n in ends]
    return {**edge.attrib, "lanes": lanes, "points": drawn or straight}


def _keep_connection(connection: ET.Element, network: Network) -> None:
    if connection.attrib["from"] not in network.edges:
        return
    network.connections[connection.attrib["from"]].append(dict(connection.attrib))
    if "tl" in connection.attrib:
        network.node_signal[network.edges[connection.attrib["from"]]["to"]] = connection.attrib["tl"]


def _prohibition(element: ET.Element) -> tuple[str, ...]:
    return tuple(part for key in ("prohibitor", "prohibited") for part in element.attrib[key].split("->"))


def _local_ids(edges: Iterable[str]) -> dict[str, str]:
    """URN-safe local ids (RFC 8141 has no brackets): ``a58[1]`` becomes ``a58-1``."""
    local = {edge: re.sub(r"[^A-Za-z0-9.]+", "-", edge.replace("]", "")).strip("-") for edge in edges}
    clashes = [name for name, count in Counter(local.values()).items() if count > 1]
    assert not clashes, clashes
    return local


def _vehicles(files: dict[str, ET.Element]) -> list[ET.Element]:
    return [v for name in ("joined.rou.xml", "joined_busses.rou.xml") for v in files[name].iter("vehicle")]


def _read_loops(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


# --- street names -------------------------------------------------------------------------------------------------


def _street_names(path: Path, network: Network, projection: _Projection) -> dict[str, tuple[str, str]]:
    """Name and road class of the OpenStreetMap street beside each segment and parallel to it."""
    streets = [(line, name, highway) for line, name, highway in _streets(path, projection)]
    tree = STRtree([s[0] for s in streets])
    return {
        edge: _street_beside(LineString(row["points"]), tree, streets) for edge, row in network.edges.items()
    }


def _streets(path: Path, projection: _Projection) -> Iterator[tuple[BaseGeometry, str, str]]:
    database = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
    try:
        for blob, name, highway in database.execute("SELECT geom, name, highway FROM edges ORDER BY fid"):
            line = from_wkb(blob[8 + 32 :])
            yield (
                LineString([projection.local(*point[:2]) for point in line.coords]),
                _first(name),
                _first(highway),
            )
    finally:
        database.close()


def _first(value: str | None) -> str:
    """The first of OSMnx's merged values, e.g. ``['Via A', 'Via B']``."""
    text = (value or "").strip()
    found = re.search(r"""['"]([^]]*?)['"][,\]]""", text) if text.startswith("[") else None
    return found.group(1) if found else text


def _street_beside(segment: LineString, tree: STRtree, streets: list[Any]) -> tuple[str, str]:
    middle = segment.interpolate(0.5, normalized=True)
    scored = []
    for index in tree.query(middle.buffer(NAME_MAX_DISTANCE_M)):
        line, name, highway = streets[int(index)]
        turn = abs(_turn(_heading(segment, middle), _heading(line, middle)))
        turn = min(turn, 180 - turn)
        if turn < LOOP_MAX_TURN_DEG:
            scored.append((line.distance(middle) + turn / 5 + (0 if name else 8), name, highway))
    best = min(scored, default=(0.0, "", ""))
    return best[1], best[2]


def _heading(line: BaseGeometry, point: BaseGeometry) -> float:
    """Heading of ``line`` beside ``point``: degrees counter-clockwise from east."""
    at = line.project(point)
    before, after = line.interpolate(max(at - 5, 0)), line.interpolate(min(at + 5, line.length))
    return math.degrees(math.atan2(after.y - before.y, after.x - before.x))


def _turn(a: float, b: float) -> float:
    return (a - b + 180) % 360 - 180


# --- segments, nodes, signals -------------------------------------------------------------------------------------


def _feature(identifier: str, kind: str, coordinates: Any, properties: Row) -> Row:
    kept = {key: value for key, value in properties.items() if value not in (None, "", [])}
    geometry = {"type": kind, "coordinates": coordinates}
    return {
        "type": "Feature",
        "id": identifier,
        "properties": {"id": identifier, **kept},
        "geometry": geometry,
    }


def _write_features(folder: Path, name: str, features: list[Row], read: int, why: str = "") -> Row:
    lines = (
        json.dumps(f, ensure_ascii=False, separators=(",", ":"))
        for f in sorted(features, key=lambda f: f["id"])
    )
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
    return {"read": read, "written": len(features), "why": why}


def _write_segments(
    folder: Path,
    network: Network,
    local: dict[str, str],
    names: dict[str, tuple[str, str]],
    to_lonlat: _Projection,
) -> Row:
    features = []
    for edge, row in network.edges.items():
        name, highway = names[edge]
        properties = _segment(row, network.connections[edge], local) | {"name": name, "road_class": highway}
        line = [to_lonlat(p) for p in row["points"]]
        features.append(_feature(local[edge], "LineString", line, properties))
    return _write_features(folder, "segments", features, len(network.edges))


def _segment(row: Row, connections: list[Row], local: dict[str, str]) -> Row:
    lanes = [_lane(lane) for lane in row["lanes"]]
    return {
        "start_node": row["from"],
        "end_node": row["to"],
        "lane_count": len(lanes),
        "length_m": max(lane["length"] for lane in lanes),
        "speed_kmh": round(max(lane["speed"] for lane in lanes) * 3.6, 1),
        "priority": int(row["priority"]),
        "lane_spread": row.get("spreadType", "right"),
        "lanes": lanes,
        "connections": [_connection(c, local) for c in connections],
    }


def _lane(lane: Row) -> Row:
    kept: Row = {"index": int(lane["index"]), "speed": float(lane["speed"]), "length": float(lane["length"])}
    kept |= {key: lane[key].split() for key in ("allow", "disallow") if key in lane}
    return kept


def _connection(row: Row, local: dict[str, str]) -> Row:
    kept: Row = {"to": local[row["to"]], "fromLane": int(row["fromLane"]), "toLane": int(row["toLane"])}
    if "tl" in row:
        kept |= {"signal": row["tl"], "linkIndex": int(row["linkIndex"])}
    if row.get("uncontrolled") == "1":
        kept["uncontrolled"] = True
    if row.get("keepClear") == "0":
        kept["keepClear"] = False
    if "visibility" in row:
        kept["visibility"] = float(row["visibility"])
    return kept


def _write_nodes(folder: Path, network: Network, local: dict[str, str], to_lonlat: _Projection) -> Row:
    features = []
    for node, row in network.nodes.items():
        properties = {
            "junction_type": row["type"],
            "signal": network.node_signal.get(node),
            "right_of_way": row.get("rightOfWay"),
            "prohibitions": _prohibitions_at(node, network, local),
        }
        features.append(_feature(node, "Point", to_lonlat((float(row["x"]), float(row["y"]))), properties))
    return _write_features(folder, "nodes", features, len(network.nodes))


def _prohibitions_at(node: str, network: Network, local: dict[str, str]) -> list[list[str]]:
    """``[from, to, from, to]``: the movement that goes first and the one that must wait for it."""
    return [[local[edge] for edge in p] for p in network.prohibitions if network.edges[p[0]]["to"] == node]


def _write_signals(folder: Path, root: ET.Element, network: Network, to_lonlat: _Projection) -> Row:
    features = []
    programmes = root.findall("tlLogic")
    for logic in programmes:
        nodes = sorted(node for node, signal in network.node_signal.items() if signal == logic.attrib["id"])
        xs, ys = zip(
            *((float(network.nodes[n]["x"]), float(network.nodes[n]["y"])) for n in nodes), strict=True
        )
        middle = to_lonlat((sum(xs) / len(xs), sum(ys) / len(ys)))
        features.append(
            _feature(logic.attrib["id"], "Point", middle, {"nodes": nodes, "program": _program(logic)})
        )
    return _write_features(folder, "signals", features, len(programmes))


def _program(logic: ET.Element) -> Row:
    phases = [
        {"duration": float(p.attrib["duration"]), "state": p.attrib["state"]} for p in logic.findall("phase")
    ]
    return {"type": "static", "offset": float(logic.get("offset", "0")), "phases": phases}


# --- demand -------------------------------------------------------------------------------------------------------


def _write_demand(
    folder: Path,
    vehicles: list[ET.Element],
    stops_root: ET.Element,
    network: Network,
    local: dict[str, str],
    to_lonlat: _Projection,
) -> Row:
    stops = {stop.attrib["id"]: stop.attrib for stop in stops_root.iter("busStop")}
    groups: dict[tuple[str, tuple[str, ...], str], list[int]] = defaultdict(lambda: [0] * INTERVALS)
    for vehicle in vehicles:
        interval = int(float(vehicle.attrib["depart"])) // (INTERVAL_MINUTES * 60)
        if interval < INTERVALS:
            groups[(vehicle.attrib["type"], _route(vehicle), _stops(vehicle, stops, local))][interval] += 1
    features = [
        _demand_feature(f"d{number:03d}", key, groups[key], network, local, to_lonlat)
        for number, key in enumerate(sorted(groups))
    ]
    outside = len(vehicles) - sum(map(sum, groups.values()))
    why = (
        "vehicles with the same route, class and stops are one row of departures per five minutes; "
        f"{outside} buses that leave at 09:00 or later are outside the hour"
    )
    return _write_features(folder, "demand", features, len(vehicles), why)


def _route(vehicle: ET.Element) -> tuple[str, ...]:
    route = vehicle.find("route")
    assert route is not None
    return tuple(route.attrib["edges"].split())


def _stops(vehicle: ET.Element, stops: dict[str, dict[str, str]], local: dict[str, str]) -> str:
    found = []
    for stop in vehicle.findall("stop"):
        place = stops[stop.attrib["busStop"]]
        edge, lane = place["lane"].rsplit("_", 1)
        position = round(float(place["endPos"]), 1)
        length = round(position - float(place["startPos"]), 1)
        duration = float(stop.attrib["duration"])
        row = {
            "segment": local[edge],
            "lane": int(lane),
            "end": position,
            "length": length,
            "duration": duration,
        }
        found.append(row)
    return json.dumps(found) if found else ""


def _demand_feature(
    identifier: str,
    key: tuple[str, tuple[str, ...], str],
    departures: list[int],
    network: Network,
    local: dict[str, str],
    to_lonlat: _Projection,
) -> Row:
    kind, route, stops = key
    properties = {
        "vehicle_class": VEHICLE_CLASS[kind],
        "origin": local[route[0]],
        "destination": local[route[-1]],
        "route": [local[edge] for edge in route],
        "start_time": DEMAND_START,
        "time_zone": TIME_ZONE,
        "interval_minutes": INTERVAL_MINUTES,
        "departures": departures,
        "vehicles": sum(departures),
        "stops": json.loads(stops) if stops else None,
    }
    desire = [
        to_lonlat(network.edges[route[0]]["points"][0]),
        to_lonlat(network.edges[route[-1]]["points"][-1]),
    ]
    return _feature(identifier, "LineString", desire, properties)


# --- loops --------------------------------------------------------------------------------------------------------


def _write_loops(
    folder: Path,
    rows: list[Row],
    detectors: ET.Element,
    network: Network,
    local: dict[str, str],
    to_lonlat: _Projection,
) -> Row:
    known = _detector_segments(detectors)
    lines = {edge: LineString(row["points"]) for edge, row in network.edges.items()}
    features = []
    for code, row in sorted({row["codice_spira"]: row for row in rows}.items()):
        lat, lon = (float(part) for part in row["geopoint"].split(","))
        edge, how = _loop_segment(row, known, lines, Point(to_lonlat.local(lon, lat)))
        properties = _loop(row) | {"segment": local.get(edge or ""), "matched_by": how}
        point = [round(lon, DECIMALS), round(lat, DECIMALS)]
        features.append(_feature(_loop_id(code), "Point", point, properties))
    return _write_features(folder, "loops", features, len(features))


def _loop_id(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", code)


def _loop(row: Row) -> Row:
    return {
        "code": row["codice_spira"],
        "station": int(row["ID_univoco_stazione_spira"]),
        "name": row["Nome via"].title().replace("'S", "'s"),
        "direction": row["direzione"],
        "heading_deg": round(-float(row["angolo"]) % 360),
        "level": int(row["Livello"]),
    }


def _detector_segments(root: ET.Element) -> dict[str, str]:
    """Loop code → SUMO edge, from the scenario's own detectors (id = code with ``_`` for blanks, ``__l`` + lane)."""
    return {
        detector.attrib["id"].split("__l")[0].replace("_", " "): detector.attrib["lane"].rsplit("_", 1)[0]
        for detector in root.iter("e1Detector")
    }


def _loop_segment(
    row: Row, known: dict[str, str], lines: dict[str, LineString], point: Point
) -> tuple[str | None, str | None]:
    """The segment a loop lies on; (None, None) outside the network or where it is not certain.

    Loops of a second level (bus lane, slip road) are matched only by the scenario's detectors: position cannot tell.
    """
    if row["codice_spira"] in known:
        return known[row["codice_spira"]], "detector"
    if row["Livello"] != PLAIN_LOOP_LEVEL:
        return None, None
    heading = float(row["angolo"]) + 90  # the Comune's angle: counter-clockwise from north
    close = [
        (line.distance(point), edge)
        for edge, line in lines.items()
        if line.distance(point) <= LOOP_MAX_DISTANCE_M
    ]
    near = [
        found for found in close if abs(_turn(heading, _heading(lines[found[1]], point))) <= LOOP_MAX_TURN_DEG
    ]
    return (min(near)[1], "position") if near else (None, None)


def _write_counts(folder: Path, rows: list[Row]) -> Row:
    """One row per loop and local day with 24 cells as the source has them, faulty ones and duplicates included."""
    records = sorted([_loop_id(row["codice_spira"]), _iso_day(row["data"]), *_hours(row)] for row in rows)
    with (folder / "loop_counts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["loop", "date", *(f"h{hour:02d}" for hour in range(24))])
        writer.writerows(records)
    return {"read": len(rows), "written": len(records), "why": ""}


def _iso_day(text: str) -> str:
    """``13/02/2024`` → ``2024-02-13``; anything else stays as it is, for the quality gate to name."""
    parts = text.strip().split("/")
    return "-".join(reversed(parts)) if len(parts) == 3 else text


def _hours(row: Row) -> list[str]:
    return [row[f"{hour:02d}:00-{hour + 1:02d}:00"].strip() for hour in range(24)]
