"""The S3 connector keeps the contract, signs as Amazon's examples do, and fetches what the listing names."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.s3 import S3Connector
from sympolis.plugins.connectors.s3.settings import S3Settings
from sympolis.plugins.connectors.s3.signing import Key, signed
from sympolis.testing.connectors import ConnectorContract
from sympolis.testing.paging import fetched, rows_of

BUCKET = "https://store.example/traffic"
ORIGIN = Origin(url=BUCKET, secrets={"store": "s3cret"})
FIXTURES = Path(__file__).parent / "fixtures"


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def connector(self) -> Connector:
        return S3Connector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        folder = tmp_path / "sound"
        folder.mkdir()
        fetched(S3Connector(), ORIGIN, S3Settings(pattern="*.csv"), answers, folder)
        return Origin(folder)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        folder = tmp_path / "sound"
        folder.mkdir()
        fetched(S3Connector(), ORIGIN, S3Settings(pattern="*.csv"), answers, folder)
        next(folder.glob("*a.csv")).write_bytes(b"")
        return Origin(folder)


def recorded(name: str) -> bytes:
    """One page of a listing."""
    return (FIXTURES / f"{name}.xml").read_bytes()


def answers(wanted: Wanted) -> bytes:
    """A listing of two pages, composed after Amazon's API reference (ListObjectsV2); the objects."""
    asked = parse_qs(urlsplit(wanted.url).query)
    if "list-type" not in asked:
        name = urlsplit(wanted.url).path.removeprefix("/traffic/").replace("%20", " ")
        return (FIXTURES / "objects" / name).read_bytes()
    return recorded("listing-2" if "continuation-token" in asked else "listing-1")


def test_files_are_read_in_order_with_their_names(tmp_path: Path) -> None:
    rows = rows_of(S3Connector(), ORIGIN, S3Settings(pattern="*.csv"), answers, tmp_path / "d")
    assert [(row.number, row.fields) for row in rows] == [
        (1, {"id": "1", "file_name": "counts/a.csv"}),
        (2, {"id": "2", "file_name": "counts/b b.csv"}),
        (3, {"id": "3", "file_name": "counts/b b.csv"}),
    ]


def test_what_is_asked_names_prefix_version_and_signature(tmp_path: Path) -> None:
    settings = S3Settings(prefix="counts/", pattern="*.csv", key_id="twin", secret="store")  # noqa: S106
    first, second, a, b = fetched(S3Connector(), ORIGIN, settings, answers, tmp_path)
    assert first.url == f"{BUCKET}/?list-type=2&prefix=counts%2F"
    assert second.url == f"{BUCKET}/?continuation-token=to%20ken%2F2&list-type=2&prefix=counts%2F"
    assert (a.url, a.version) == (f"{BUCKET}/counts/a.csv", '"counts/a.csv-1"')
    assert b.url == f"{BUCKET}/counts/b%20b.csv"
    assert all(
        one.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=twin/") for one in (first, a)
    )
    assert "s3cret" not in str([first, a])


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("/?lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_requests_are_signed_as_in_amazon_s_documentation(url: str, signature: str) -> None:
    """Amazon S3 API Reference, "Signature Calculations for the Authorization Header", examples for GET."""
    key = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    headers = signed(f"https://examplebucket.s3.amazonaws.com{url}", key, datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["Authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("answer", "settings", "part"),
    [
        (b"<Error><Message>Access Denied</Message></Error>", {}, "Access Denied"),
        (b"<html><body>Login</body></html>", {}, "no listing"),
        (recorded("listing-1"), {"most_files": 1}, "more than 1"),
        (recorded("listing-2"), {"pattern": "*.csv"}, "no such objects"),
    ],
)
def test_what_goes_wrong_is_told(tmp_path: Path, answer: bytes, settings: dict[str, Any], part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        fetched(S3Connector(), ORIGIN, S3Settings(**settings), lambda _: answer, tmp_path)


@pytest.mark.parametrize(
    "settings", [{"format": "cvs"}, {"format": "csv", "format_settings": {"delimeter": ";"}}]
)
def test_a_wrong_format_is_told(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(errors.SettingsInvalid, match=r"did you mean|no connector|not a known field"):
        rows_of(S3Connector(), ORIGIN, S3Settings(pattern="*.csv", **settings), answers, tmp_path / "d")
