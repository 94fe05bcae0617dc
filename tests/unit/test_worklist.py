"""What services make do without becomes work: named once, with who, how long and what it is worth."""

from typing import Any

from sympolis.orchestration.adapting import document, remark
from sympolis.orchestration.worklist import Asking, Gap, Owner, worklist

OWNERS = {"Site": Owner("Youth office", "sites", {"en": "Childcare sites"})}


def supply(name: str, kind: str, found: int, /, **carried: int) -> dict[str, Any]:
    return {"name": name, "type": kind, "found": found, "proxies": [], "carried": carried}


def check(*needs: dict[str, Any], problems: Any = (), adaptations: Any = ()) -> dict[str, Any]:
    return {
        "problems": [document(one, "m") for one in problems],
        "adaptations": [document(one, "m") for one in adaptations],
        "needs": {"m": list(needs)},
    }


def asking(name: str, found: dict[str, Any], **more: Any) -> Asking:
    return Asking(name, {"en": name}, found, **more)


def test_a_figure_that_some_things_lack_is_work_for_whoever_owns_them() -> None:
    found = check(supply("sites", "Site", 311, capacity=71, name=300))
    [task] = worklist([asking("childcare", found)], OWNERS, "City")
    assert task["what"]["en"] == "“places” is known of 71 of 311 (Site)"
    assert (task["who"], task["source"], task["services"]) == ("Youth office", "sites", ["childcare"])
    assert task["source_title"] == {"en": "Childcare sites"}
    assert task["effort_days"] == [0.5, 5.3]
    assert not task["blocking"]


def test_what_keeps_a_service_from_running_comes_first() -> None:
    few = remark("few", "grids", minimum=1, type="Coverage", found=0)
    proxy = remark("proxy", "sites", name="share", used="surface", type="Site", count=3)
    found = check(
        supply("grids", "Coverage", 0), supply("sites", "Site", 5), problems=[few], adaptations=[proxy]
    )
    first, second = worklist([asking("heat", found)], OWNERS, "City")
    assert first["blocking"] and first["type"] == "Coverage"
    assert first["who"] == "City", "nobody brings it: the operator answers"
    assert second["kind"] == "proxy"


def test_the_same_gap_of_two_services_is_one_task() -> None:
    found = check(supply("sites", "Site", 10, capacity=4))
    [task] = worklist([asking("a", found), asking("b", found)], OWNERS, "City")
    assert task["services"] == ["a", "b"]


def test_the_city_knows_better_who_how_and_what_it_is_worth() -> None:
    found = check(supply("sites", "Site", 10, capacity=4))
    gap = Gap("sites", "capacity", "Kita office", {"en": "ask them"}, (1.0, 2.0), "worth")
    value = {"name": "worth", "value": 5.0, "run": "run-1"}
    [task] = worklist([asking("a", found, gaps=[gap], figures={"worth": value})], OWNERS, "City")
    assert (task["who"], task["how"], task["effort_days"]) == ("Kita office", {"en": "ask them"}, [1.0, 2.0])
    assert task["worth"] == value


def test_a_stand_in_is_not_told_twice() -> None:
    proxied = {**supply("sites", "Site", 10, capacity=4), "proxies": [["capacity", "seats", 6]]}
    proxy = remark("proxy", "sites", name="capacity", used="seats", type="Site", count=6)
    [task] = worklist([asking("a", check(proxied, adaptations=[proxy]))], OWNERS, "City")
    assert task["kind"] == "proxy"


def test_the_city_may_know_of_better_data_that_no_check_can_see() -> None:
    found = check(supply("births", "Births", 1, number=1))
    gap = Gap("births", who="Statistics office", how={"en": "by area"}, days=(1.0, 5.0))
    [task] = worklist([asking("children", found, gaps=[gap])], {}, "City")
    assert (task["kind"], task["type"], task["who"]) == ("better", "Births", "Statistics office")
    assert task["what"]["en"] == "better data: Births"


def test_a_twin_that_lacks_nothing_has_nothing_to_do() -> None:
    assert worklist([asking("a", check(supply("sites", "Site", 10, capacity=10)))], OWNERS, "City") == []


def test_one_piece_of_work_for_several_attributes_is_one_row() -> None:
    days = [
        remark("proxy", "days", name=name, used=f"old {name}", type="Day", count=1)
        for name in ("warm", "cold")
    ]
    gap = Gap("days", who="Weather service", how={"en": "load them"})
    [task] = worklist(
        [asking("heat", check(supply("days", "Day", 1), adaptations=days), gaps=[gap])], OWNERS, "City"
    )
    assert task["attribute"] is None
    assert "“old warm” stands in" in task["what"]["en"] and "“old cold” stands in" in task["what"]["en"]
