"""A model's bill of materials as tools fetch it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sympolis.testing.small_twin import small_twin


def test_the_bill_is_cyclonedx_and_an_unknown_model_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_twin(tmp_path) as small:
        [model] = small.client.get("/api/models").json
        assert small.client.get("/api/models/unheard/sbom").status == 404
        refused = small.client.get(f"/api/models/{model['id']}/sbom")
        assert refused.status == 404 and "no installed plugin" in refused.json["detail"]
        monkeypatch.setattr(small.desk, "model_simulator", lambda _: "mobility_policy")
        found = small.client.get(f"/api/models/{model['id']}/sbom")
        assert found.status == 200
        assert (found.header("content-type") or "").startswith("application/vnd.cyclonedx+json")
        assert found.json["metadata"]["component"]["name"] == "mobility_policy"
