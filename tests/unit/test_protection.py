"""People are taken out of rows: fields dropped, names that lead nowhere without the key, groups of at least k."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.acquisition.protection import protected, pseudonym
from sympolis.acquisition.source import Aggregate, Privacy
from sympolis.domain.errors import SourceFailed
from sympolis.plugins.connector import Record

KEY = "0123456789abcdef0123456789abcdef"
SECRETS = {"pseudonyms": KEY}


def rows(*fields):
    return [Record(number, one) for number, one in enumerate(fields, 1)]


def shown(records, privacy, source="meters", secrets=SECRETS):
    return [dict(one.fields) for one in protected(records, privacy, source=source, secrets=secrets)]


def test_dropped_fields_are_gone_and_the_rest_stays():
    [found] = shown(rows({"name": "Anna", "use": "3"}), Privacy(drop=("name", "address")))
    assert found == {"use": "3"}


def test_a_pseudonym_is_the_same_each_time_and_another_elsewhere():
    privacy = Privacy(pseudonymise=("meter",))
    first, second, third = shown(rows({"meter": "17"}, {"meter": "17"}, {"meter": "18"}), privacy)
    assert first == second != third
    assert "17" not in first["meter"]
    [other] = shown(rows({"meter": "17"}), privacy, source="permits")
    assert other != first
    [later] = shown(rows({"meter": "17"}), privacy, secrets={"pseudonyms": KEY[::-1]})
    assert later != first


def test_a_pseudonym_is_an_hmac_as_anyone_can_compute_it():
    assert pseudonym(KEY.encode(), "meters", "meter", 17) == pseudonym(KEY.encode(), "meters", "meter", "17")
    assert len(pseudonym(b"k" * 32, "s", "f", "v")) == 26


def test_an_empty_field_stays_empty():
    [found] = shown(rows({"meter": ""}), Privacy(pseudonymise=("meter", "missing")))
    assert found == {"meter": ""}


@pytest.mark.parametrize("secrets", [{}, {"pseudonyms": "short"}, {"other": KEY}])
def test_without_a_good_key_nothing_is_read(secrets):
    with pytest.raises(SourceFailed, match="needs the secret 'pseudonyms'") as refused:
        shown(rows({"meter": "17"}), Privacy(pseudonymise=("meter",)), secrets=secrets)
    assert "local/secrets.toml" in (refused.value.hint or "")


def test_groups_of_fewer_than_k_persons_are_left_out():
    wanted = Privacy(aggregate=Aggregate(by=("area",), k=3, persons="who", means=("age",)))
    given_rows = rows(
        *({"area": "A", "who": str(n), "age": 10 * n} for n in (1, 2, 3)),
        *({"area": "B", "who": "1", "age": 50} for _ in range(9)),
    )
    assert shown(given_rows, wanted) == [{"area": "A", "count": 3, "age": 20.0}]


def test_a_mean_of_few_numbers_is_left_out():
    wanted = Privacy(aggregate=Aggregate(by=("area",), k=2, means=("age",)))
    assert shown(
        rows({"area": "A", "age": 5}, {"area": "A", "age": ""}, {"area": "A", "age": "x"}), wanted
    ) == [{"area": "A", "count": 3, "age": None}]


def test_a_row_that_could_not_be_read_goes_on_without_what_it_said():
    wanted = Privacy(aggregate=Aggregate(by=("area",)))
    bad = Record(4, {"area": "A", "who": "Anna"}, None, ("too few columns",))
    assert list(protected([bad], wanted, source="s", secrets={})) == [
        Record(4, {}, None, ("too few columns",))
    ]


PERSONS = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 12), st.integers(0, 90)), max_size=80)


@given(PERSONS, st.integers(2, 6))
def test_whatever_is_released_is_about_at_least_k_and_true(people, k):
    wanted = Privacy(aggregate=Aggregate(by=("area",), k=k, persons="who", means=("age",)))
    records = rows(*({"area": area, "who": who, "age": age} for area, who, age in people))
    found = {one["area"]: one for one in shown(records, wanted)}
    for area in "ABCD":
        here = [(who, age) for place, who, age in people if place == area]
        persons = {who for who, _ in here}
        assert (area in found) == (len(persons) >= k)
        if area in found:
            assert found[area]["count"] == len(persons)
            assert found[area]["age"] == pytest.approx(sum(age for _, age in here) / len(here))
