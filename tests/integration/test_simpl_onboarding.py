"""Joining a SIMPL-Open dataspace, against a stub of its governance authority with real certificates behind it.

No real authority was at hand: what is proven here is our side of the exchange, not that an authority of some release
answers under these addresses.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sympolis.dataspace.calls import Answer
from sympolis.dataspace.credentials import x509 as certificates
from sympolis.dataspace.records import MemoryRecords
from sympolis.dataspace.simpl.onboarding import Authority
from sympolis.dataspace.simpl.plan import SimplPlan, load
from sympolis.domain import errors

DID = "did:web:twin.city.example"
PLAN = """
authority = "https://authority.example"
organisation = "City of Smallville"
contact = "twin@city.eu"
country = "IT"
root = "root.pem"
token_file = "token"
"""


class Root:
    """A certificate authority."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        builder = builder.public_key(self.key.public_key()).serial_number(1)
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
        ski = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.certificate = builder.add_extension(ski, critical=False).sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def certify(self, request: x509.CertificateSigningRequest, *, days: int = 5) -> str:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(request.subject)
        builder = builder.issuer_name(self.certificate.subject).public_key(request.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        begin = now - timedelta(days=8 if days < 0 else 1)
        builder = builder.not_valid_before(begin).not_valid_after(now + timedelta(days=days))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        builder = builder.add_extension(names.value, critical=False)
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(use, critical=False)
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(known, critical=False)
        made = builder.sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()


class Stub:
    """What a governance authority answers: participants, requests, credentials, a catalogue with a search."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.request: x509.CertificateSigningRequest | None = None
        self.published: list[dict[str, Any]] = []
        self.heard: list[tuple[str, str]] = []
        self.days = 5

    async def __call__(
        self, method: str, url: str, *, headers: Sequence[tuple[str, str]] = (), body: bytes = b"", **_: Any
    ) -> Answer:
        self.heard.append((method, url))
        if dict(headers).get("Authorization") != "Bearer secret":
            return Answer(401, {}, b"{}")
        document = json.loads(body) if body else {}
        path = url.removeprefix("https://authority.example")
        return Answer(200, {}, json.dumps(self.answer(method, path, document)).encode())

    def answer(self, method: str, path: str, document: dict[str, Any]) -> Any:
        if path.endswith("/participants"):
            return {"id": "participant-7"}
        if path.endswith("/csr"):
            self.request = x509.load_pem_x509_csr(document["csr"].encode())
            return {}
        if path.endswith("/credential"):
            assert self.request is not None
            return {"certificate": self.root.certify(self.request, days=self.days)}
        if "search" in path:
            return {"items": [*self.published, {"@id": "x", "simpl:generalServiceProperties": 3}, 7]}
        self.published.append(document)
        return {"id": "sd-1"}


@pytest.fixture
def plan(tmp_path: Path) -> tuple[SimplPlan, Root]:
    root = Root()
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    (tmp_path / "simpl.toml").write_text(PLAN, encoding="utf-8")
    return load(tmp_path / "simpl.toml"), root


def test_step_by_step_to_a_credential_then_published_and_found(plan: tuple[SimplPlan, Root]) -> None:
    async def work() -> None:
        stub, records = Stub(plan[1]), MemoryRecords()
        authority = Authority(plan[0], records, stub, lambda: DID)
        assert authority.status()["state"] == "none"
        with pytest.raises(errors.Conflict):
            await authority.publish({"@id": "x"})
        states = [(await authority.advance())["state"] for _ in range(4)]
        assert states == ["applied", "requested", "certified", "certified"]
        assert stub.request is not None and stub.request.is_signature_valid
        assert len(stub.heard) == 3, "a step that was done is not done again"
        again = Authority(plan[0], records, stub, lambda: DID)
        assert again.status()["participant"] == "participant-7" and again.status()["valid_until"]
        description = {"@id": "y", "simpl:generalServiceProperties": {"simpl:name": "Trees"}}
        assert (await again.publish(description))["id"] == "y"
        assert [one["name"] for one in await again.search("trees")] == ["Trees", ""]

    asyncio.run(work())


def test_a_certificate_for_another_key_of_another_root_or_ended_does_not_count(
    plan: tuple[SimplPlan, Root],
) -> None:
    async def work(stub: Stub, change: str) -> None:
        authority = Authority(plan[0], MemoryRecords(), stub, lambda: DID)
        await authority.advance()
        await authority.advance()
        if change == "key":
            other = certificates.make_key()
            request = certificates.signing_request(
                other, common_name="p", organisation="o", country="IT", did=DID
            )
            stub.request = x509.load_pem_x509_csr(request)
        with pytest.raises(errors.Unauthenticated):
            await authority.advance()
        assert authority.status()["state"] == "requested"

    ended = Stub(plan[1])
    ended.days = -2
    asyncio.run(work(ended, ""))
    asyncio.run(work(Stub(plan[1]), "key"))
    asyncio.run(work(Stub(Root()), ""))


def test_a_client_certificate_names_a_participant(plan: tuple[SimplPlan, Root]) -> None:
    root = plan[1]
    key = certificates.make_key()
    request = certificates.signing_request(key, common_name="p-7", organisation="o", country="IT", did=DID)
    chain = root.certify(x509.load_pem_x509_csr(request)).encode()
    assert certificates.participant_of(chain, root.pem) == DID
    for bad in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", chain * 20):
        with pytest.raises(errors.Unauthenticated):
            certificates.participant_of(bad, root.pem)
    with pytest.raises(errors.Unauthenticated):
        certificates.participant_of(chain, Root().pem)
    with pytest.raises(errors.Unauthenticated):
        certificates.participant_of(chain, root.pem, now=datetime.now(UTC) + timedelta(days=30))


def test_an_authority_that_says_no_is_told_as_such(plan: tuple[SimplPlan, Root], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wrong", encoding="utf-8")
    authority = Authority(plan[0], MemoryRecords(), Stub(plan[1]), lambda: DID)
    with pytest.raises(errors.Forbidden):
        asyncio.run(authority.advance())
    assert authority.status()["state"] == "begun"


@pytest.mark.parametrize(
    "line", ['country = "Italy"', 'contact = "nobody"', 'more = "x"', 'authority = "ftp://x"']
)
def test_a_plan_with_a_mistake_is_refused(tmp_path: Path, line: str) -> None:
    name = line.partition(" ")[0]
    kept = "\n".join(one for one in PLAN.splitlines() if not one.startswith(name))
    (tmp_path / "simpl.toml").write_text(f"{kept}\n{line}\n", encoding="utf-8")
    with pytest.raises(errors.SettingsInvalid):
        load(tmp_path / "simpl.toml")
