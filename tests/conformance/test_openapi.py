"""The OpenAPI document says what the server does: checked by structure, and by a machine that tries to disprove it."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks

from sympolis.api.parts import ApiSettings
from sympolis.api.routing import Router
from sympolis.testing.small_twin import SmallTwin, small_twin

MAY_FAIL = frozenset({501, 504})
"""Server errors a request can rightly cause: a part of a standard not offered yet, a context that cannot be had."""

EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 3}
"""Requests per operation; nonsense is dear to make. Few enough for every commit, enough to have found what it found."""

STREAMS = "^/api/(changes|runs/[^/]+/events)$"


def _zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        for name, one in files.items():
            bundle.writestr(name, one)
    return content.getvalue()


NAMES = st.one_of(
    st.sampled_from(("model.toml", "model.onnx", "examples.json", "../model.toml", "/model.toml")),
    st.text(min_size=1),
)
ZIPS = st.one_of(
    st.dictionaries(NAMES, st.binary(max_size=200), max_size=4).map(_zipped),
    st.dictionaries(NAMES, st.binary(max_size=200), max_size=4).map(lambda files: _zipped(files)[:-9]),
    st.binary(max_size=200),
)
"""Archives that hold what they should not, archives cut off, and no archives at all."""

schemathesis.openapi.media_type("application/zip", ZIPS)


@schemathesis.serializer("application/zip")
def _as_it_is(_ctx: Any, value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode()


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("openapi")) as found:
        yield found


def openapi(twin: SmallTwin) -> Any:
    return twin.client.get("/openapi.json").json


def test_every_route_is_documented_and_every_documented_route_exists(twin: SmallTwin) -> None:
    documented = {
        (method.upper(), path) for path, methods in openapi(twin)["paths"].items() for method in methods
    }
    assert documented == {(one.method, one.path) for one in twin.api.operations}
    router = Router(twin.api.operations)
    for method, path in documented:
        found = router.find(method, re.sub(r"{\w+}", "x", path))
        assert found is not None and (found[0].method, found[0].path) == (method, path)


def test_operations_are_named_once_and_described(twin: SmallTwin) -> None:
    operations = [one for methods in openapi(twin)["paths"].values() for one in methods.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names) > 40
    assert all(one["summary"] and one["tags"] and one["responses"] for one in operations)
    assert all(p["description"] for one in operations for p in one["parameters"]), (
        "a parameter nobody explains"
    )


def test_the_document_refers_only_to_what_it_holds(twin: SmallTwin) -> None:
    document = openapi(twin)
    schemas = document["components"]["schemas"]
    used = set(re.findall(r'"#/components/schemas/(\w+)"', twin.client.get("/openapi.json").body.decode()))
    assert used <= set(schemas)
    for name, schema in schemas.items():
        jsonschema_rs.validator_for({**schema, "components": document["components"]}), name


def test_each_unoffered_parameter_is_501_and_named(twin: SmallTwin) -> None:
    for operation in twin.api.operations:
        path = re.sub(r"{\w+}", "urn:a:b", operation.path)
        for name in operation.later:
            answer = twin.client.request(operation.method, f"{path}?{name}=1")
            assert (answer.status, answer.json["where"]) == (501, name)


def test_the_page_lists_every_operation_without_foreign_help(twin: SmallTwin) -> None:
    page = twin.client.get("/docs").body.decode()
    assert all(f'id="{one.name}"' in page for one in twin.api.operations)
    assert "<script" not in page and "style=" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


# --- what a machine thinks of


def _no_server_error(_ctx: Any, response: Any, case: Any) -> None:
    status = response.status_code
    assert status < 500 or status in MAY_FAIL, (
        f"{status} for {case.method} {case.path}: {response.text[:500]}"
    )


def _nonsense_is_refused(ctx: Any, response: Any, case: Any) -> Any:
    # A batch answers 207 and says member by member what is wrong.
    return (
        None if response.status_code == 207 else openapi_checks.negative_data_rejection(ctx, response, case)
    )


CHECKS = [
    _no_server_error,
    _nonsense_is_refused,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def api_schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with (
        small_twin(folder, settings=ApiSettings(hosts=("testserver",))) as twin,
        OnItsOwnLoop(twin) as application,
    ):
        yield schemathesis.openapi.from_asgi("/openapi.json", app=application).exclude(path_regex=STREAMS)


class OnItsOwnLoop:
    """Serves requests that come from other event loops: the twin's locks and workers belong to its own."""

    def __init__(self, twin: SmallTwin) -> None:
        self._twin = twin
        self._thread = threading.Thread(target=twin.client.loop.run_forever)

    def __enter__(self) -> OnItsOwnLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._twin.client.loop.call_soon_threadsafe(self._twin.client.loop.stop)
        self._thread.join()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._twin.api(scope, receive, send)
            return
        received, sent = [await receive()], []
        while received[-1].get("more_body"):
            received.append(await receive())

        async def take() -> Any:
            return received.pop(0)

        async def keep(message: Any) -> None:
            sent.append(message)

        served = asyncio.run_coroutine_threadsafe(self._twin.api(scope, take, keep), self._twin.client.loop)
        await asyncio.wrap_future(served)
        for message in sent:
            await send(message)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_makes_the_server_fail_or_answer_what_it_does_not_document(
    api_schema: Any, mode: GenerationMode
) -> None:
    tried = 0
    for found in api_schema.get_all_operations():
        with suppress(Unsatisfiable):  # nothing about it can be wrong: it takes neither parameters nor a body
            _try_operation(found.ok(), mode)
            tried += 1
    assert tried > 25


def _try_operation(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_case(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    try_case()
