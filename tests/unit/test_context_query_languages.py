"""The query languages: q, type, geo, temporal; what they mean and how they complain."""

import time
from datetime import UTC, datetime

import numpy as np
import pyproj
import pytest
import shapely

from sympolis.context import geometry, geoquery, qlanguage, temporal, typelanguage
from sympolis.context.core_context import DEFAULT_VOCAB, NGSI_LD
from sympolis.context.query import (
    AllOf,
    AnyOf,
    Comparison,
    GeoRelation,
    LinkedTerm,
    Term,
    TimeProperty,
    TimeRelation,
    TypeIs,
    ValueRange,
)
from sympolis.context.terms import core_terms
from sympolis.domain.errors import BadRequestData, TooComplexQuery

CORE = core_terms()


def term(name, comparison=Comparison.EXISTS, operand=None, inside=()):
    return Term(tuple(DEFAULT_VOCAB + part for part in name.split(".")), comparison, operand, inside)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("speed", term("speed")),
        ("speed==5", term("speed", Comparison.EQUAL, 5)),
        ("speed!=-1.5e3", term("speed", Comparison.UNEQUAL, -1500.0)),
        ("speed>=5;name", AllOf((term("speed", Comparison.GREATER_EQUAL, 5), term("name")))),
        ("a|b;c", AnyOf((term("a"), AllOf((term("b"), term("c")))))),
        ("(a|b);c", AllOf((AnyOf((term("a"), term("b"))), term("c")))),
        ('name=="Via \\"Zamboni\\""', term("name", Comparison.EQUAL, 'Via "Zamboni"')),
        ('name=="a;b|c"', term("name", Comparison.EQUAL, "a;b|c")),
        ("name==Bologna", term("name", Comparison.EQUAL, "Bologna")),
        ("open==true", term("open", Comparison.EQUAL, True)),
        ("speed==1,2", term("speed", Comparison.EQUAL, (1, 2))),
        ("speed==10..20", term("speed", Comparison.EQUAL, ValueRange(10, 20))),
        ("speed==1.5..2.5", term("speed", Comparison.EQUAL, ValueRange(1.5, 2.5))),
        ("ref==urn:ngsi-ld:A:1", term("ref", Comparison.EQUAL, "urn:ngsi-ld:A:1")),
        ("ref==urn:a:1,urn:a:2", term("ref", Comparison.EQUAL, ("urn:a:1", "urn:a:2"))),
        ("day==2024-05-08", term("day", Comparison.EQUAL, "2024-05-08")),
        ("at<2024-05-08T07:00:00Z", term("at", Comparison.LESS, datetime(2024, 5, 8, 7, tzinfo=UTC))),
        ("name~=^Via.*", term("name", Comparison.MATCHES, "^Via.*")),
        ('name!~="a|b"', term("name", Comparison.NOT_MATCHES, "a|b")),
        ("address[city.name]==5", term("address", Comparison.EQUAL, 5, ("city", "name"))),
        ("name[it]==Via", term("name", Comparison.EQUAL, "Via", ("it",))),
        ("speed.providedBy==urn:a:b", term("speed.providedBy", Comparison.EQUAL, "urn:a:b")),
        ("https://e.example/a.b>3", Term(("https://e.example/a.b",), Comparison.GREATER, 3)),
    ],
)
def test_q(text, meaning):
    assert qlanguage.parse(text, CORE) == meaning


def test_q_knows_system_attributes():
    assert qlanguage.parse("speed.observedAt>2024-01-01T00:00:00Z", CORE).path[1] == NGSI_LD + "observedAt"


@pytest.mark.parametrize(
    ("text", "position"),
    [("", 1), ("speed=5", 6), ("speed==", 8), ("(a", 3), ("a)", 2), ("a;;b", 3), ("a[b", 4), ("a==5..x", 7),
     ("a==20..10", 8), ('a=="b', 4), ("a b", 2), ("a==b c", 5), ("a~=[", 4), ("a>2024-13-01T00:00:00Z", 3)],
)  # fmt: skip
def test_q_says_where_it_is_wrong(text, position):
    with pytest.raises(BadRequestData) as caught:
        qlanguage.parse(text, CORE)
    assert caught.value.where == f"q, position {position}"


@pytest.mark.parametrize(
    "text",
    ["(" * 9 + "a" + ")" * 9, ";".join(["a"] * 65), "a==" + "9" * 5000, 'a~="(x+)+"', "a~=" + ".*" * 4 + "x"],
)
def test_q_is_bounded(text):
    with pytest.raises(TooComplexQuery):
        qlanguage.parse(text, CORE)


LINKED = LinkedTerm((DEFAULT_VOCAB + "ref",), (DEFAULT_VOCAB + "Road",), term("speed", Comparison.EQUAL, 5))


@pytest.mark.parametrize("text", ["ref{Road:speed}==5", "ref{Road:speed==5}"])
def test_braces_lead_across_a_relationship(text):
    assert qlanguage.parse(text, CORE) == LINKED


def test_linked_terms_nest_and_combine():
    found = qlanguage.parse("on.ref{a{A,B:b[c]}>1};x", CORE)
    inner = term("b", Comparison.GREATER, 1, inside=("c",))
    innermost = LinkedTerm((DEFAULT_VOCAB + "a",), (DEFAULT_VOCAB + "A", DEFAULT_VOCAB + "B"), inner)
    outer = LinkedTerm((DEFAULT_VOCAB + "on", DEFAULT_VOCAB + "ref"), (), innermost)
    assert found == AllOf((outer, term("x")))
    both = qlanguage.parse("ref{Road:a==1;b|c}", CORE)
    assert isinstance(both.inner, AnyOf) and both.types == (DEFAULT_VOCAB + "Road",)
    [iri] = qlanguage.parse("ref{https://a.example/T:https://b.example/n}", CORE).types
    assert iri == "https://a.example/T"


@pytest.mark.parametrize("text", ["ref{", "ref{}", "ref{a==1}==2", "{a}", "ref{a}b"])
def test_broken_braces_are_refused(text):
    with pytest.raises(BadRequestData):
        qlanguage.parse(text, CORE)


def test_values_are_expanded_where_asked():
    found = qlanguage.parse("kind==Fast,Slow;name==Fast;n~=Fast", CORE, expanding=["kind", "n"])
    values = (DEFAULT_VOCAB + "Fast", DEFAULT_VOCAB + "Slow")
    assert found.parts[0].operand == values
    assert (found.parts[1].operand, found.parts[2].operand) == ("Fast", "Fast")


def test_a_pattern_that_python_may_read_otherwise_one_day_is_no_trouble():
    assert qlanguage.parse("a~=[[b]", CORE).operand == "[[b]"


def test_the_worst_pattern_that_is_allowed_ends_soon():
    pattern = qlanguage.check_pattern(".*.*.*x", where="q")
    from sympolis.context.evaluate import q_holds
    from sympolis.domain.entity import Attribute, AttributeKind, Entity

    entity = Entity("urn:a:b", ("t",), {"n": (Attribute(AttributeKind.PROPERTY, "a" * 100_000),)})
    started = time.process_time()
    assert not q_holds(Term(("n",), Comparison.MATCHES, pattern), entity)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("A", TypeIs("A")),
        ("A,B", AnyOf((TypeIs("A"), TypeIs("B")))),
        ("A|B", AnyOf((TypeIs("A"), TypeIs("B")))),
        ("(A;B)", AllOf((TypeIs("A"), TypeIs("B")))),
        ("(A;B),C", AnyOf((AllOf((TypeIs("A"), TypeIs("B"))), TypeIs("C")))),
    ],
)
def test_types(text, meaning):
    def short(expression):
        if isinstance(expression, TypeIs):
            return TypeIs(expression.name.removeprefix(DEFAULT_VOCAB))
        return type(expression)(tuple(map(short, expression.parts)))

    assert short(typelanguage.parse(text, CORE)) == meaning


def test_every_type():
    assert typelanguage.parse("*", CORE) is None


@pytest.mark.parametrize("text", ["", "A,", "(A", "A)", "A B", ";A"])
def test_types_say_where_they_are_wrong(text):
    with pytest.raises(BadRequestData, match="type, position"):
        typelanguage.parse(text, CORE)


def test_near():
    found = geoquery.parse("near;maxDistance==500;minDistance==10.5", "Point", "[11.34,44.49]", None, CORE)
    assert (found.relation, found.property) == (GeoRelation.NEAR, NGSI_LD + "location")
    assert (found.max_distance_m, found.min_distance_m) == (500, 10.5)
    assert geoquery.parse(None, None, None, "location", CORE) is None


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        (("near", "Point", "[1,2]"), "georel"),
        (("near;maxDistance==-5", "Point", "[1,2]"), "georel"),
        (("near;maxDistance=5", "Point", "[1,2]"), "georel"),
        (("within;maxDistance==5", "Point", "[1,2]"), "georel"),
        (("touches", "Point", "[1,2]"), "georel"),
        (("within", None, "[1,2]"), "geometry"),
        (("within", "Point", None), "coordinates"),
        ((None, "Point", "[1,2]"), "georel"),
        (("within", "Point", "[1,"), "coordinates"),
        (("within", "Point", "[1,91]"), "geometry: coordinates"),
        (("within", "GeometryCollection", "[]"), "geometry"),
    ],
)
def test_geo_says_what_is_wrong(parameters, where):
    with pytest.raises(BadRequestData) as caught:
        geoquery.parse(*parameters, None, CORE)
    assert caught.value.where == where


@pytest.mark.parametrize("kilometres", [0.01, 1, 10, 100, 500])
def test_distances_are_those_on_the_ellipsoid(kilometres):
    """Against the geodesic (Karney), in all directions from Bologna and from further north."""
    geod = pyproj.Geod(ellps="WGS84")
    bearings = np.arange(0.0, 360.0, 15.0)
    for longitude, latitude in ((11.34, 44.49), (25.5, 65.0)):
        count = len(bearings)
        east, north, _ = geod.fwd(
            np.full(count, longitude), np.full(count, latitude), bearings, np.full(count, kilometres * 1000)
        )
        found = geometry.distance_m(shapely.points(east, north), shapely.Point(longitude, latitude))
        assert found == pytest.approx(kilometres * 1000, rel=1e-6 if kilometres <= 10 else 2e-3)


def test_distance_to_a_line_is_to_its_nearest_point():
    line = shapely.LineString([(11.30, 44.49), (11.40, 44.49)])
    [found] = geometry.distance_m(np.array([line]), shapely.Point(11.34, 44.50))
    assert found == pytest.approx(pyproj.Geod(ellps="WGS84").inv(11.34, 44.49, 11.34, 44.50)[2], rel=1e-6)


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "Point", "coordinates": [11.34, 44.49, 54.0]},
        {"type": "LineString", "coordinates": [[11.3, 44.4], [11.4, 44.5], [11.5, 44.4]]},
        {
            "type": "Polygon",
            "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]], [[1, 0.5], [2, 0.5], [2, 1], [1, 0.5]]],
        },
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [4, 0], [4, 4], [0, 0]]]]},
    ],
)
def test_own_binary_form_is_what_geos_reads(shape):
    wkb, box = geometry.to_wkb(shape)
    expected = shapely.force_2d(shapely.geometry.shape(shape))
    assert shapely.equals_exact(shapely.from_wkb(wkb), expected)
    assert box == tuple(shapely.bounds(expected))


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT0S", 0), ("PT1H", 3600), ("P1D", 86400), ("P1W", 604800), ("P1DT2H3M4S", 93784)]
)
def test_periods(text, seconds):
    assert temporal.parse_period(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "P1M", "P1Y", "PT1.5H", "P-1D", "P99999999999D"])
def test_unusable_periods_are_refused(text):
    with pytest.raises(BadRequestData):
        temporal.parse_period(text)


def test_ranges():
    found = temporal.parse_range("between", "2024-05-08T07:00:00Z", "2024-05-08T09:00:00+01:00", "modifiedAt")
    assert (found.relation, found.property) == (TimeRelation.BETWEEN, TimeProperty.MODIFIED_AT)
    assert found.end == datetime(2024, 5, 8, 8, tzinfo=UTC)
    assert temporal.parse_range(None, None, None) is None


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        (("during", "2024-05-08T07:00:00Z", None), "timerel"),
        ((None, "2024-05-08T07:00:00Z", None), "timerel"),
        (("before", None, None), "timeAt"),
        (("before", "2024-05-08", None), "timeAt"),
        (("between", "2024-05-08T07:00:00Z", None), "endTimeAt"),
        (("between", "2024-05-08T07:00:00Z", "2024-05-07T07:00:00Z"), "endTimeAt"),
        (("after", "2024-05-08T07:00:00Z", "2024-05-09T07:00:00Z"), "endTimeAt"),
        (("after", "2024-05-08T07:00:00Z", None, "birthday"), "timeproperty"),
    ],
)
def test_ranges_say_what_is_wrong(parameters, where):
    with pytest.raises(BadRequestData) as caught:
        temporal.parse_range(*parameters)
    assert caught.value.where == where


def test_methods():
    assert [method.value for method in temporal.parse_methods("avg,max,avg")] == ["avg", "max"]
    with pytest.raises(BadRequestData, match="median"):
        temporal.parse_methods("median")
