"""The catalogue against the SHACL shapes of DCAT-AP 3.0.1 and its profile for high-value datasets.

The shapes lie beside the project. Property shapes without a path, of which the release has some, are left out: a
validator refuses to run with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCTERMS, RDF, SH, Graph, URIRef

from sympolis.governance.catalogue.building import Twin, build_catalogue
from sympolis.governance.catalogue.graph import FORMATS, catalogue_graph
from sympolis.governance.catalogue.model import Agent
from sympolis.governance.catalogue.packages import Packaged, package_graph
from sympolis.governance.catalogue.terms import Terms
from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.policy.graphs import parse_policies
from sympolis.governance.policy.offers import offers_of
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.wording import describe_policy
from sympolis.testing.small_twin import SmallTwin, small_twin

SHAPES = Path(__file__).parents[2].parent / "shared" / "conformance" / "dcat-ap"

SOURCE = {
    "id": "loops",
    "title": {"en": "Loops"},
    "owner": "Town",
    "licence": "CC-BY-4.0",
    "attribution": "Town",
    "url": "https://town.example/loops",
    "schedule": "PT1H",
    "entity_type": "Loop",
    "status": "never",
    "high_value": ["mobility"],
}
MODEL = {
    "id": "traffic",
    "simulator": "sumo_traffic",
    "title": {"en": "Traffic"},
    "description": {"en": "What happens on the streets."},
    "version": "1.0.0",
    "owner": "The developers",
    "licence": "Apache-2.0",
    "standards": ["Eclipse SUMO 1.28"],
    "needs": [{"type": "Loop", "attributes": ["intensity"], "met": True}],
    "indicators": [{"title": {"en": "Delay"}}],
    "calibration": {"at": "2026-01-02T03:04:05Z", "figures": {"held_out": {"r2": 0.8, "geh": None}}},
}

pytestmark = [
    pytest.mark.pack,
    pytest.mark.skipif(not SHAPES.exists(), reason="the conformance packs are not beside the project"),
]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("catalogue")) as found:
        yield found


def violations(data: Graph, shapes: str) -> list[str]:
    graph = Graph().parse(SHAPES / shapes)
    for shape in set(graph.objects(None, SH.property)):
        if len(list(graph.objects(shape, SH.path))) != 1:
            graph.remove((None, SH.property, shape))
    _, report, _ = pyshacl.validate(data, shacl_graph=graph)
    return [
        str(report.value(result, SH.resultMessage))
        for result in report.subjects(RDF.type, SH.ValidationResult)
        if report.value(result, SH.resultSeverity) == SH.Violation
    ]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD reader uses it
@pytest.mark.parametrize("media", list(FORMATS))
def test_what_is_served_conforms(twin: SmallTwin, media: str) -> None:
    answer = twin.client.get("/catalogue", accept=media)
    assert answer.status == 200 and (answer.header("content-type") or "").startswith(media)
    data = Graph().parse(data=answer.body, format=FORMATS[media].replace("pretty-", ""))
    assert len(data) > 100
    for shapes in (
        "shacl/dcat-ap-SHACL.ttl",
        "shacl/ranges.ttl",
        "html-shacl/shapes.ttl",
        "html-shacl/range.ttl",
    ):
        assert violations(data, f"3.0.1/{shapes}") == []


def test_a_catalogue_with_every_kind_of_thing_conforms() -> None:
    twin = Twin(
        base_url="https://twin.example",
        title={"en": "Twin"},
        description={"en": "A twin"},
        operator="Town",
        contact="https://town.example/data",
        languages=("en",),
    )
    limit = {"leftOperand": "count", "operator": "lteq", "rightOperand": 5}
    rule = {"action": "execute", "assignee": "urn:sympolis:role:partner", "constraint": [limit]}
    model = Asset("traffic", kind=AssetKind.MODEL)
    policy = read_policy({"permission": [{**rule, "target": model.iri, "duty": [{"action": "attribute"}]}]})
    terms = Terms({model.iri: offers_of(model, [policy], open_to=None)}, frozenset({model.iri}))
    catalogue = build_catalogue(twin, [SOURCE], [MODEL], terms=terms)
    graph = catalogue_graph(catalogue)
    [node] = graph.subjects(RDF.type, URIRef("http://www.w3.org/ns/mls#Implementation"))
    assert (node, DCTERMS.requires, URIRef(catalogue.datasets[0].iri)) in graph
    [offer] = parse_policies(graph.serialize(format="turtle"))
    assert offer.kind == f"{ODRL}Offer" and offer.uid.endswith("/catalogue/models/traffic#offer-1")
    assert describe_policy(offer) == describe_policy(policy)
    for shapes in (
        "shacl/dcat-ap-SHACL.ttl",
        "shacl/ranges.ttl",
        "html-shacl/shapes.ttl",
        "html-shacl/range.ttl",
    ):
        assert violations(graph, f"3.0.1/{shapes}") == []


def test_the_shapes_find_what_is_missing(twin: SmallTwin) -> None:
    data = Graph().parse(data=twin.client.get("/catalogue", accept="text/turtle").body, format="turtle")
    data.remove((None, data.namespace_manager.expand_curie("dcterms:title"), None))
    assert violations(data, "3.0.1/html-shacl/shapes.ttl")


def test_high_value_datasets_meet_their_profile() -> None:
    twin = Twin(
        base_url="https://twin.example",
        title={"en": "Twin"},
        description={"en": "A twin"},
        operator="Town",
        contact="https://town.example/data",
        languages=("en",),
        collections=frozenset({"Loop"}),
    )
    built = build_catalogue(twin, [SOURCE])
    catalogue = replace(built, services=tuple(one for one in built.services if one.serves))
    assert violations(catalogue_graph(catalogue), "3.0.0-hvd/shacl/hvd-SHACL.ttl") == []
    plain = replace(catalogue, datasets=tuple(replace(one, high_value=()) for one in catalogue.datasets))
    assert violations(catalogue_graph(plain), "3.0.0-hvd/shacl/hvd-SHACL.ttl")


def test_assets_on_offer_conform_with_their_packages() -> None:
    asset = Packaged(
        iri="https://town.example/catalogue/assets/service.heat",
        id="service.heat",
        kind="service",
        version="1.2.0",
        title={"en": "Heat", "de": "Hitze"},
        description={"en": "Who suffers where."},
        publisher=Agent(name="Town", page="https://town.example/contact"),
        licence="CC-BY-4.0",
        issued=datetime(2026, 3, 2, tzinfo=UTC),
        page="https://town.example/api/assets/published/service.heat",
        download_url="https://town.example/api/assets/published/service.heat/versions/1.2.0/package",
        bytes=4711,
        sha256="ab" * 32,
    )
    twin = Twin(base_url="https://town.example", title={"en": "T"}, description={"en": "T"}, operator="Town",
                contact="https://town.example/contact", languages=("en",), bbox=(11.2, 44.4, 11.5, 44.6))  # fmt: skip
    data = catalogue_graph(replace(build_catalogue(twin, [SOURCE]), assets=(asset,)))
    for shapes in ("3.0.1/shacl/dcat-ap-SHACL.ttl", "3.0.1/shacl/ranges.ttl", "3.0.1/html-shacl/shapes.ttl"):
        assert violations(data, shapes) == []
    without = package_graph(replace(asset, title={}))
    assert violations(without, "3.0.1/shacl/dcat-ap-SHACL.ttl") != [], "the shapes do look at assets"
