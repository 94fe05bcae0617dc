"""Query strings are read once, whoever sends them, and wrong ones are wrong every time."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from sympolis.api.http import Request, parse_query
from sympolis.api.parameters import BooleanParameter, IntegerParameter, ListParameter, TimeParameter
from sympolis.api.routing import Answer, Operation
from sympolis.domain.errors import InvalidRequest, NotImplementedHere
from sympolis.testing.asgi_client import http_scope

LIMIT = IntegerParameter(name="limit", text="", high=10, default=3)
OTHER_LIMIT = IntegerParameter(name="limit", text="", high=1000, default=20)
NAMES = ListParameter(name="names", text="", max_items=2)
FLAG = BooleanParameter(name="flag", text="")
SINCE = TimeParameter(name="since", text="", required=True)


async def silent() -> dict[str, object]:
    return {}


def request(query: str) -> Request:
    return Request(http_scope("GET", f"/x?{query}" if query else "/x", [(b"host", b"localhost")]), silent)


def test_equal_queries_share_what_was_made_of_them() -> None:
    made = itertools.count()
    for _ in range(3):
        assert request("a=1&b=%20x+y").parameters.once("key", lambda: next(made)) == 0
    assert request("a=1&b=%20x+y").parameters == {"a": "1", "b": " x y"}
    assert parse_query(b"a=1") is parse_query(b"a=1")


def test_long_queries_are_not_kept() -> None:
    long = b"a=" + b"x" * 2000
    assert parse_query(long) == parse_query(long) and parse_query(long) is not parse_query(long)


def test_what_is_made_is_bounded() -> None:
    parameters = request("bounded=1").parameters
    for number in range(1000):
        assert parameters.once(number, partial(abs, -number)) == number
    assert parameters.once(999, lambda: 0) == 999
    assert len(parameters._made) <= 64


@pytest.mark.parametrize(
    "query", ["a=1&a=2", "a=%zz", "a=%ff", "a=%00", "&".join(f"p{n}=1" for n in range(101))]
)
def test_wrong_queries_are_wrong_every_time(query: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidRequest):
            _ = request(query).parameters


def test_parameters_of_one_name_do_not_answer_for_each_other() -> None:
    for _ in range(2):
        assert OTHER_LIMIT.of(request("limit=500")) == 500
        with pytest.raises(InvalidRequest, match="from 0 to 10"):
            LIMIT.of(request("limit=500"))
    assert (LIMIT.of(request("")), OTHER_LIMIT.of(request(""))) == (3, 20)


def test_values_are_read_and_refused() -> None:
    assert NAMES.of(request("names=a,b")) == ("a", "b") and NAMES.of(request("")) == ()
    assert FLAG.of(request("flag=true")) and not FLAG.of(request("flag=false")) and not FLAG.of(request(""))
    assert SINCE.of(request("since=2024-03-04T08:00:00Z")) is not None
    for parameter, query in ((NAMES, "names=a,,b"), (NAMES, "names=a,b,c"), (FLAG, "flag=yes"), (SINCE, "")):
        with pytest.raises(InvalidRequest):
            parameter.of(request(query))


async def nothing(_: Request) -> None:
    return None


def test_an_operation_checks_each_query_once_and_for_itself() -> None:
    def operation(**more: object) -> Operation:
        fixed = {
            "method": "GET",
            "path": "/x",
            "name": "x",
            "title": "",
            "tag": "",
            "answers": {200: Answer("")},
        }
        return Operation(handle=nothing, **fixed, **more)  # type: ignore[arg-type]

    small, large = operation(parameters=(LIMIT,), later=("soon",)), operation(parameters=(OTHER_LIMIT,))
    for _ in range(2):
        large.check_parameters(request("limit=500"))
        small.check_parameters(request("limit=5"))
        with pytest.raises(InvalidRequest):
            small.check_parameters(request("limit=500"))
        with pytest.raises(NotImplementedHere):
            small.check_parameters(request("soon=1"))
        with pytest.raises(InvalidRequest, match="unknown"):
            large.check_parameters(request("soon=1"))
