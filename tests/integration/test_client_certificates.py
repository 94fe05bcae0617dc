"""Mutual TLS on loopback: a server that lets in whom one authority has certified, and our client's certificate."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sympolis.app.ground import own_tls
from sympolis.dataspace.credentials import x509 as ours
from sympolis.domain import errors
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings

DID = "did:web:twin.city.example"


class Authority:
    """A root that certifies."""

    def __init__(self, name: str, folder: Path) -> None:
        self.key, self.folder = ec.generate_private_key(ec.SECP256R1()), folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        limits = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = self._begun(self.name, self.key.public_key())
        made = made.add_extension(limits, critical=True).add_extension(usage, critical=True)
        self.file = self._kept(f"{name}.pem", made.sign(self.key, hashes.SHA256()))

    def server(self) -> tuple[str, str]:
        """A certificate for 127.0.0.1, and its key."""
        key = ours.make_key()
        public = serialization.load_pem_private_key(key, None).public_key()
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([address])
        return self._signed("server", public, key, names, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, did: str) -> tuple[str, str]:
        """A certificate for whoever made this signing request, as the twin makes it."""
        key = ours.make_key()
        asked = ours.signing_request(key, common_name="twin", organisation="City", country="IT", did=did)
        request = x509.load_pem_x509_csr(asked)
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return self._signed("client", request.public_key(), key, names, ExtendedKeyUsageOID.CLIENT_AUTH)

    def _signed(
        self,
        name: str,
        public: object,
        key: bytes,
        names: x509.SubjectAlternativeName,
        use: x509.ObjectIdentifier,
    ) -> tuple[str, str]:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._begun(subject, public).add_extension(names, critical=False)
        made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = made.add_extension(own, critical=False)
        (self.folder / f"{name}.key").write_bytes(key)
        return self._kept(f"{name}.pem", made.sign(self.key, hashes.SHA256())), str(
            self.folder / f"{name}.key"
        )

    def _begun(self, subject: x509.Name, public: object) -> x509.CertificateBuilder:
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
        made = made.public_key(public).serial_number(x509.random_serial_number())  # type: ignore[arg-type]
        return made.not_valid_before(now - day).not_valid_after(now + day)

    def _kept(self, name: str, made: x509.Certificate) -> str:
        (self.folder / name).write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return str(self.folder / name)


@dataclass
class Agent:
    """Where it listens, and whom it has seen."""

    url: str
    seen: list[str]


@asynccontextmanager
async def agent(authority: Authority) -> AsyncIterator[Agent]:
    """Another agent, as SIMPL's second tier has it: nobody gets in without a certificate of this authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*authority.server())
    roots, seen = Path(authority.file).read_bytes(), list[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            pem = ssl.DER_cert_to_PEM_cert(shown).encode()
            seen.append(ours.participant_of(pem, roots))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield Agent(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", seen)


async def ask(authority: Authority, settings: Settings) -> tuple[int, list[str]]:
    async with agent(authority) as found:
        client = HttpClient(Guard(EgressPolicy(allow_loopback=True)), tls=own_tls(settings))
        try:
            return (await client.request("GET", found.url, timeout_s=20)).status, found.seen
        finally:
            await client.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority("root", tmp_path_factory.mktemp("authority"))


def test_an_agent_knows_us_by_our_certificate(authority: Authority) -> None:
    certificate, key = authority.client(DID)
    chosen = Settings(tls_certificate=certificate, tls_key=key, tls_roots=authority.file)
    assert asyncio.run(ask(authority, chosen)) == (200, [DID])


def test_without_one_or_with_a_strangers_nobody_gets_in(authority: Authority, tmp_path: Path) -> None:
    certificate, key = Authority("other", tmp_path).client(DID)
    strange = Settings(tls_certificate=certificate, tls_key=key, tls_roots=authority.file)
    for chosen in (Settings(tls_roots=authority.file), strange):
        with pytest.raises(OSError):
            asyncio.run(ask(authority, chosen))


def test_a_server_of_a_root_that_is_not_named_is_not_believed(authority: Authority) -> None:
    certificate, key = authority.client(DID)
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(ask(authority, Settings(tls_certificate=certificate, tls_key=key)))


def test_what_cannot_be_used_is_said_at_the_start(authority: Authority, tmp_path: Path) -> None:
    certificate, _ = authority.client(DID)
    _, other = Authority("other", tmp_path).client(DID)
    for chosen in (
        Settings(tls_certificate=certificate, tls_key=other),
        Settings(tls_roots=str(tmp_path / "none")),
    ):
        with pytest.raises(errors.SettingsInvalid, match="cannot be used"):
            own_tls(chosen)
    with pytest.raises(errors.SettingsInvalid, match="together"):
        Settings(tls_certificate=certificate)
    assert own_tls(Settings()) is None
