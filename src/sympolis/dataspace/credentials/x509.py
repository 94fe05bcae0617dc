"""X.509 for those who ask for it: key, signing request, and what a certificate proves, by `cryptography` alone.

SIMPL-Open's second tier and many national dataspaces identify agents by client certificates of an authority's own
root. A certificate counts here when its chain leads to a root that was configured, in time and for client
authentication, and names a participant: the DID in its subject alternative name, else its common name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sympolis.dataspace.credentials.signed import refused
from sympolis.domain import errors

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_LONGEST: Final = 256 * 1024
_MOST_IN_CHAIN: Final = 10


def make_key() -> bytes:
    """A new private key on P-256, as PKCS #8 in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signing_request(key_pem: bytes, *, common_name: str, organisation: str, country: str, did: str) -> bytes:
    """A certificate signing request (PKCS #10) in PEM. Raises ``SettingsInvalid`` for names that cannot be
    certified."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    try:
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, country),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            ]
        )
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(did)]), critical=False
        )
        made = builder.sign(_private(key_pem), hashes.SHA256())
    except ValueError as problem:
        raise errors.SettingsInvalid(str(problem), where="certificate") from problem
    return made.public_bytes(serialization.Encoding.PEM)


def check_ours(
    chain_pem: bytes, key_pem: bytes, roots_pem: bytes, *, now: datetime | None = None
) -> datetime:
    """Until when a certificate holds that is for our key and leads to these roots. Raises ``Unauthenticated``."""
    from cryptography.hazmat.primitives import serialization

    leaf, *_ = _chain(chain_pem)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*form) != _private(key_pem).public_key().public_bytes(*form):
        raise refused("the certificate is for another key")
    _verified(_chain(chain_pem), roots_pem, now)
    return leaf.not_valid_after_utc


def check_roots(roots_pem: bytes) -> bytes:
    """The roots, if they are some. Raises ``Unauthenticated``."""
    _chain(roots_pem)
    return roots_pem


def participant_of(chain_pem: bytes, roots_pem: bytes, *, now: datetime | None = None) -> str:
    """Whom a client certificate is about. Raises ``Unauthenticated`` where it does not hold."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    leaf = _verified(_chain(chain_pem), roots_pem, now)
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except x509.ExtensionNotFound:
        uris = []
    dids = [one for one in uris if one.startswith("did:")]
    common = [str(one.value) for one in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    named = [*dids, *common]
    if not named or len(dids) > 1:
        raise refused("the certificate names nobody, or several")
    return named[0]


def _verified(chain: Sequence[x509.Certificate], roots_pem: bytes, now: datetime | None) -> x509.Certificate:
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    store = Store(_chain(roots_pem))
    policy = PolicyBuilder().store(store).time(now or datetime.now(UTC))
    try:
        policy.build_client_verifier().verify(chain[0], list(chain[1:]))
    except (VerificationError, ValueError) as problem:
        raise refused("the certificate does not hold here") from problem
    return chain[0]


def _chain(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM text, the leaf first. Raises ``Unauthenticated`` for what is none."""
    from cryptography import x509

    if len(pem) > _LONGEST:
        raise refused("the chain of certificates is too long")
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as problem:
        raise refused("the certificate cannot be read") from problem
    if not 0 < len(found) <= _MOST_IN_CHAIN:
        raise refused("the chain of certificates is empty or too long")
    return found


def _private(key_pem: bytes) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(key_pem, None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise errors.SettingsInvalid("expected a key on an elliptic curve", where="key")
    return key
