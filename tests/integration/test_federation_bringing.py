"""A learned model travels under contract: signed by its twin, on a known licence, locked in where it arrives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from sympolis.analysis.learned.life import Stage
from sympolis.dataspace.calling.bundle import Bundle, read_bundle, write_bundle
from sympolis.domain import errors
from sympolis.egress.http import Response
from sympolis.plugins import loader
from sympolis.testing.learned import NAME, package
from sympolis.testing.offering import simulators_with_toy, write_offering
from sympolis.testing.trading import Pair, two_twins

ASSET = f"urn:sympolis:model:{NAME}"
OFFER = """
uid = "urn:smallville:learned"
[[permission]]
uid = "urn:smallville:learned:model"
action = "use"
target = "urn:sympolis:models"
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("bringing")
    registry = simulators_with_toy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "simulators", lambda: registry)
        for name in ("a", "b"):
            (write_offering(folder / name) / "policies" / "learned.toml").write_text(OFFER, "utf-8")
        with two_twins(folder) as found:
            yield found


@pytest.fixture
def deployed(pair: Pair, tmp_path: Any) -> Callable[[str, str], None]:
    def deploy(version: str, licence: str = "Apache-2.0") -> None:
        learned = pair.provider.twin.desk.learned
        pair.run(learned.hand_in(package(tmp_path, version, licence), by="ada", why="a test"))
        for stage in (Stage.VALIDATED, Stage.STAGED, Stage.DEPLOYED):
            pair.run(learned.move(NAME, version, stage, by="bo", why="a test"))

    return deploy


def bring(pair: Pair, **more: Any) -> Any:
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]
    agreement = pair.agree(ASSET)["agreement"]
    asked = {"partner": pair.provider.id, "asset": ASSET, "agreement": agreement, **more}
    return pair.ask(pair.consumer, "POST", "/models", asked)


def test_what_came_is_a_validated_draft_with_the_word_of_its_twin(
    pair: Pair, deployed: Callable[..., None]
) -> None:
    deployed("1.0.0")
    answer = bring(pair)
    assert answer.status == 201, answer.body
    found = answer.json
    assert found["model"] == {"name": NAME, "version": "1.0.0", "stage": "validated"}
    assert found["signed_by"] == pair.provider.id and found["key"].startswith(pair.provider.id)
    assert found["licence"] == "Apache-2.0" and len(found["claims"]["sbom"]) == 64
    kept = pair.consumer.twin.desk.learned.get(NAME, "1.0.0")
    assert kept.record.maker == pair.provider.id, "by whom it was made decides that it is asked locked in"
    assert found["requests"], "taking it along is a use, metered on both sides"


def test_a_licence_that_nobody_knows_has_to_be_accepted(pair: Pair, deployed: Callable[..., None]) -> None:
    deployed("1.1.0", "LicenseRef-Odd")
    refused = bring(pair)
    assert refused.status == 403 and "LicenseRef-Odd" in refused.json["detail"]
    assert bring(pair, licences=["LicenseRef-Odd"]).status == 201


def test_what_was_changed_on_its_way_is_not_taken(pair: Pair, deployed: Callable[..., None]) -> None:
    deployed("1.2.0")

    def spoil(url: str, answer: Response) -> Response:
        if not url.endswith("/signed-package"):
            return answer
        bundle = read_bundle(answer.body)
        bad = Bundle(bundle.package[:-1] + b"\1", bundle.bill, bundle.word)
        return Response(answer.status, answer.headers, write_bundle(bad))

    pair.wire.spoil = spoil
    try:
        answer = bring(pair)
    finally:
        pair.wire.spoil = lambda _, answer: answer
    assert answer.status == 400 and "not what was signed" in answer.json["detail"]
    with pytest.raises(errors.NotFound):
        pair.consumer.twin.desk.learned.get(NAME, "1.2.0")


def test_the_word_of_somebody_else_is_none(pair: Pair) -> None:
    federation = pair.consumer.twin.federation
    assert federation is not None

    def spoil(url: str, answer: Response) -> Response:
        if not url.endswith("/signed-package"):
            return answer
        bundle = read_bundle(answer.body)
        word = federation.keys.sign({"typ": "model+jwt"}, {"model": NAME}, did=federation.own.did())
        return Response(
            answer.status, answer.headers, write_bundle(Bundle(bundle.package, bundle.bill, word))
        )

    pair.wire.spoil = spoil
    try:
        assert bring(pair).status == 401
    finally:
        pair.wire.spoil = lambda _, answer: answer


def zipped(**more: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as out:
        for name in ("package.zip", "sbom.cdx.json", "signature.jws"):
            out.writestr(name, b"x")
        for name, one in more.items():
            out.writestr(name, one)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", zipped()[:-10], zipped(**{"../../etc/passwd": b"x"}), zipped(**{"/etc/passwd": b"x"}),
     zipped(more=b"x")],
)  # fmt: skip
def test_hostile_bundles_are_refused_before_anything_is_written(content: bytes) -> None:
    with pytest.raises(errors.BadRequestData):
        read_bundle(content)
