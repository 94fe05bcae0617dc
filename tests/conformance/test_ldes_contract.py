"""The public LDES client from npm replicates a stream under contract, and stops where the contract does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.conformance.test_ldes import IS_VERSION_OF, ldes_client

from sympolis.testing.served import served
from sympolis.testing.trading import COUNTS, Pair, two_twins

__all__ = ["ldes_client"]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with two_twins(tmp_path / "twins") as found:
        yield found


@contextmanager
def at_an_address(pair: Pair) -> Iterator[str]:
    """The provider behind a real socket."""
    twin = SimpleNamespace(api=pair.provider.twin.asgi, client=SimpleNamespace(loop=pair.runner.get_loop()))
    with served(cast("Any", twin)) as address:
        yield address


def replicate(client: list[str], folder: Path, url: str, token: str) -> subprocess.CompletedProcess[str]:
    command = [*client, "--basic-auth", f"token:{token}", "--retry-count", "1", url]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_public_client_replicates_under_contract(
    pair: Pair, ldes_client: list[str], tmp_path: Path
) -> None:
    begun = pair.begin(pair.agree(COUNTS)["agreement"], "LDES-PULL", take=False)
    where = pair.ask(pair.consumer, "POST", f"/transfers/{begun['id']}/access").json
    path, token = where["endpoint"].removeprefix("http://a.test"), where["authorization"]
    with at_an_address(pair) as address:
        done = replicate(ldes_client, tmp_path, address + path, token)
        refused = replicate(ldes_client, tmp_path, address + path, "dst_another")
    members = [line.split()[0] for line in done.stdout.splitlines() if f"<{IS_VERSION_OF}>" in line]
    assert len(members) == len(set(members)) == 4, done.stderr
    assert f"<{IS_VERSION_OF}>" not in refused.stdout
    uses = pair.ask(pair.provider, "GET", f"/usage?transfer={begun['peer']}").json["uses"]
    assert [one["status"] for one in uses] == [200] * len(uses)
    assert uses
    pair.ask(pair.provider, "POST", f"/transfers/{begun['peer']}/decision", {"act": "suspend"})
    with at_an_address(pair) as address:
        suspended = replicate(ldes_client, tmp_path, address + path, token)
    assert f"<{IS_VERSION_OF}>" not in suspended.stdout
