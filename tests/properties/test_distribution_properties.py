"""Laws of sharing: nothing goes where it has been, every attribute goes somewhere, and order makes no difference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sympolis.context.distributed.merging import Version, merge
from sympolis.context.distributed.planning import Refusal, Travelled, plan_read, plan_write
from sympolis.context.query import Selector, TypeIs
from sympolis.context.registrations.index import RegistrationIndex
from sympolis.context.registrations.matching import Wanted, matches
from sympolis.context.registrations.operations import GROUPS
from sympolis.context.registrations.registration import EntityInfo, Information, Mode, Registration
from sympolis.domain.entity import Attribute, AttributeKind, Entity

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
NAMES = ("a", "b", "c", "d")
IDS = ("urn:x:1", "urn:x:2")
TYPES = ("T", "U")

_names = st.frozensets(st.sampled_from(NAMES))
_infos = st.builds(
    EntityInfo,
    types=st.sampled_from([(), ("T",), ("U",), ("T", "U")]),
    id=st.sampled_from([None, None, *IDS]),
    id_pattern=st.sampled_from([None, None, "1$"]),
)
_information = st.builds(Information, st.lists(_infos, max_size=2).map(tuple), _names)


@st.composite
def _registrations(draw: st.DrawFn) -> list[Registration]:
    count = draw(st.integers(0, 5))
    return [
        Registration(
            id=f"urn:r:{number}",
            document={},
            endpoint="http://other.test",
            information=tuple(draw(st.lists(_information, min_size=1, max_size=2))),
            created_at=NOW,
            modified_at=NOW,
            mode=draw(st.sampled_from(list(Mode))),
            operations=draw(st.sampled_from([GROUPS["redirectionOps"], GROUPS["retrieveOps"]])),
            alias=draw(st.sampled_from([None, "p", "q"])),
        )
        for number in range(count)
    ]


@given(_registrations(), _names, st.frozensets(st.sampled_from(["p", "q"])), st.sampled_from([None, ("T",)]))
def test_a_change_never_goes_where_it_has_been(
    registrations: list[Registration],
    names: frozenset[str],
    met: frozenset[str],
    types: tuple[str, ...] | None,
) -> None:
    plan = plan_write(("updateEntity",), IDS[0], types, names, registrations, Travelled(met))
    for part in plan.parts:
        if part.registration.alias in met:
            assert part.refusal is Refusal.LOOP
    asked = plan_read(("queryEntity",), registrations, Travelled(met)).asked
    assert all(one.alias not in met for one in asked)


@given(_registrations(), _names)
def test_a_request_that_comes_back_here_goes_nowhere_again(
    registrations: list[Registration], names: frozenset[str]
) -> None:
    back = Travelled(frozenset({"me"}), here=True)
    plan = plan_write(("updateEntity",), IDS[0], None, names, registrations, back)
    assert all(part.refusal is Refusal.LOOP for part in plan.parts)
    assert not plan_read(("queryEntity",), registrations, back).asked


@given(_registrations(), _names, st.randoms(use_true_random=False))
def test_every_attribute_has_its_place_and_proxied_ones_are_not_here(
    registrations: list[Registration], names: frozenset[str], random: Random
) -> None:
    plan = plan_write(("updateEntity",), IDS[0], ("T",), names, registrations)
    taken = frozenset().union(
        *(one.attributes for one in plan.parts if one.registration.mode.proxied), frozenset()
    )
    assert plan.attributes | taken == names
    assert not plan.attributes & taken
    assert all(one.registration.mode is not Mode.AUXILIARY for one in plan.parts)
    assert all(one.attributes <= names for one in plan.parts)
    shuffled = list(registrations)
    random.shuffle(shuffled)
    assert plan_write(("updateEntity",), IDS[0], ("T",), names, shuffled) == plan


@given(_registrations(), _names)
def test_an_exclusive_attribute_goes_to_exclusive_sources_alone(
    registrations: list[Registration], names: frozenset[str]
) -> None:
    plan = plan_write(("updateEntity",), IDS[0], ("T",), names, registrations)
    exclusive = frozenset().union(
        *(one.attributes for one in plan.parts if one.registration.mode is Mode.EXCLUSIVE), frozenset()
    )
    for one in plan.parts:
        if one.registration.mode is not Mode.EXCLUSIVE:
            assert not one.attributes & exclusive


_selectors = st.builds(
    Selector,
    types=st.sampled_from([None, TypeIs("T"), TypeIs("U")]),
    ids=st.sampled_from([(), (IDS[0],), IDS]),
    id_pattern=st.sampled_from([None, "2$"]),
)


@given(_registrations(), st.lists(_selectors, max_size=2))
def test_the_index_finds_what_a_look_at_every_registration_finds(
    registrations: list[Registration], selectors: list[Selector]
) -> None:
    index = RegistrationIndex()
    for one in registrations:
        index.add(one)
    wanted = Wanted(selectors=tuple(selectors))
    found = [one.id for one in index.candidates(wanted.selectors) if matches(one, wanted)]
    assert found == [one.id for one in registrations if matches(one, wanted)]
    for one in registrations[::2]:
        index.discard(one.id)
    left = [one.id for one in index.candidates(wanted.selectors) if matches(one, wanted)]
    assert left == [one.id for one in registrations[1::2] if matches(one, wanted)]


# --- merging

_times = st.one_of(st.none(), st.integers(0, 3).map(lambda hour: NOW + timedelta(hours=hour)))
_attributes = st.builds(
    Attribute,
    kind=st.just(AttributeKind.PROPERTY),
    value=st.integers(0, 9),
    observed_at=_times,
    dataset_id=st.sampled_from([None, "urn:d:1"]),
    modified_at=_times,
)


@st.composite
def _versions(draw: st.DrawFn) -> list[Version]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        attributes = {
            name: tuple(
                {one.dataset_id: one for one in draw(st.lists(_attributes, min_size=1, max_size=2))}.values()
            )
            for name in draw(_names)
        }
        mode = draw(st.sampled_from([None, *Mode])) if number else None
        entity = Entity(IDS[0], (draw(st.sampled_from(TYPES)),), attributes)
        found.append(Version(entity, f"urn:r:{number}" if number else "", mode))
    return found


@given(_versions(), st.randoms(use_true_random=False))
def test_merging_is_the_same_in_any_order(versions: list[Version], random: Random) -> None:
    shuffled = list(versions)
    random.shuffle(shuffled)
    assert merge(shuffled, NOW) == merge(versions, NOW)


@given(_versions())
def test_auxiliary_sources_only_fill_gaps(versions: list[Version]) -> None:
    equals = [one for one in versions if one.mode is not Mode.AUXILIARY]
    whole, without = merge(versions, NOW), merge(equals, NOW)
    assert whole is not None
    assert without is not None
    for name in without.attributes:
        assert sorted(map(repr, whole.attributes[name])) == sorted(map(repr, without.attributes[name]))


@given(_versions())
def test_the_most_recently_observed_instance_is_shown(versions: list[Version]) -> None:
    equals = [one for one in versions if one.mode not in (Mode.AUXILIARY, Mode.EXCLUSIVE)]
    merged = merge(equals, NOW)
    assert merged is not None
    for name, shown in merged.instances():
        times = [
            one.observed_at
            for version in equals
            for one in version.entity.attributes.get(name, ())
            if one.dataset_id == shown.dataset_id and one.observed_at is not None
        ]
        assert shown.observed_at == max(times, default=None)
