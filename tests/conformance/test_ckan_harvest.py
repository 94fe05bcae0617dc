"""What a CKAN that harvests the catalogue (ckanext-dcat, profile euro_dcat_ap_3) reads of each dataset is there.

The paths are those that its profile looks at; a harvest by ckan 2.12 with ckanext-dcat 2.4.4 found them so.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rdflib import DCTERMS, FOAF, RDF, BNode, Graph, Namespace, URIRef
from rdflib.term import Node

from sympolis.governance.catalogue.triples import DCAT, VCARD
from sympolis.testing.small_twin import small_twin

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    with small_twin(tmp_path_factory.mktemp("ckan")) as twin:
        answer = twin.client.get("/catalogue", accept="text/turtle")
        yield Graph().parse(data=answer.body, format="turtle")


def datasets(graph: Graph) -> list[Node]:
    found = list(graph.subjects(RDF.type, DCAT.Dataset))
    assert len(found) == 4
    return found


def one(graph: Graph, subject: Node, *path: URIRef) -> Node:
    for name in path:
        [subject] = graph.objects(subject, name)
    return subject


def test_each_dataset_has_a_lasting_name_and_texts(graph: Graph) -> None:
    for dataset in datasets(graph):
        assert isinstance(dataset, URIRef), "the guid of a harvested dataset is its URI"
        assert one(graph, dataset, DCTERMS.identifier)
        languages = {getattr(text, "language", None) for text in graph.objects(dataset, DCTERMS.title)}
        assert None not in languages and languages
        assert list(graph.objects(dataset, DCTERMS.description))


def test_publisher_and_contact_have_names(graph: Graph) -> None:
    for dataset in datasets(graph):
        assert one(graph, dataset, DCTERMS.publisher, FOAF.name)
        contacts = list(graph.objects(dataset, DCAT.contactPoint))
        assert [list(graph.objects(contact, VCARD.fn)) for contact in contacts if contact] != [[]]


def test_times_and_places_are_read(graph: Graph) -> None:
    for dataset in datasets(graph):
        place = one(graph, dataset, DCTERMS.spatial)
        assert isinstance(place, BNode) and (place, RDF.type, DCTERMS.Location) in graph
        assert str(one(graph, place, DCAT.bbox)).startswith("POLYGON")
    [counts] = [found for found in datasets(graph) if str(found).endswith("/counts")]
    period = one(graph, counts, DCTERMS.temporal)
    assert str(one(graph, period, DCAT.startDate)) < str(one(graph, period, DCAT.endDate))


def test_each_distribution_has_address_format_and_licence(graph: Graph) -> None:
    for dataset in datasets(graph):
        ways = list(graph.objects(dataset, DCAT.distribution))
        assert len(ways) >= 3
        for way in ways:
            assert one(graph, way, DCAT.accessURL) and one(graph, way, DCAT.mediaType)
            assert str(one(graph, way, DCTERMS.license, DCTERMS.title)).startswith("Creative Commons")


def test_all_is_on_one_page(graph: Graph) -> None:
    assert not list(graph.subjects(RDF.type, HYDRA.PagedCollection))
    assert not list(graph.subjects(RDF.type, HYDRA.PartialCollectionView))
