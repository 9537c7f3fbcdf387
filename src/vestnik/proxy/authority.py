"""Decides who vouches for the hosts that the proxy stands in for: a certificate authority of this data folder's own.

It has never heard of connections. Its certificate says that it speaks for these hosts and no others (RFC 5280,
4.2.1.10), so that trusting it opens nothing else to whoever might get hold of its key.
"""

import os
import ssl
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vestnik.domain.errors import BadSetting
from vestnik.domain.moment import Moment

log = structlog.get_logger()

CERTIFICATE: Final = "ca.pem"
KEY: Final = "ca.key"
ALPN: Final = ["http/1.1"]

_LIFE: Final = timedelta(days=5 * 365)
_LEAF_LIFE: Final = timedelta(days=30)
_EARLY: Final = timedelta(days=1)
"""Certificates are valid from a day before they are made, for clocks that differ, and made anew a day before they end.
"""
_OWNER_ONLY: Final = 0o600
_EVERY_ADDRESS: Final = [x509.IPAddress(ip_network(every)) for every in ("0.0.0.0/0", "::/0")]
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Authority:
    """Vouches for `hosts`; `certificate` is the file that clients are to trust."""

    def __init__(self, folder: Path, hosts: Collection[str], now: Callable[[], Moment]) -> None:
        """Takes the authority that the folder holds, or makes one; BadSetting where there is one that cannot be used.

        `now` is the machine's own time: clients compare certificates with theirs.
        """
        self._folder = folder
        self._hosts = sorted(hosts)
        self._now = now
        self._contexts: dict[str, tuple[ssl.SSLContext, datetime]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate: Final = folder / CERTIFICATE
        self._pair = self._kept() or self._made()

    def context(self, host: str) -> ssl.SSLContext:
        """TLS as the host, whatever name a client asks for: one that wanted another sees by itself whose this is."""
        known = self._contexts.get(host)
        if known is None or known[1] < self._time() + _EARLY:
            leaf = self._leaf(host)
            known = self._contexts[host] = self._offering(leaf), leaf.certificate.not_valid_after_utc
        return known[0]

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self._now() // 1_000_000, UTC)

    def _kept(self) -> Pair | None:
        """What an earlier life made, unless it ends soon or speaks for other hosts."""
        key_file = self._folder / KEY
        if not key_file.exists() or not self.certificate.exists():
            return None
        try:
            if key_file.stat().st_mode & 0o077:
                log.warning("others could read the proxy's key, which is for its owner alone from now on", file=KEY)
                key_file.chmod(_OWNER_ONLY)
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise BadSetting(
                f"{self._folder}: the proxy's certificate or key cannot be read; remove the folder to have new ones"
            ) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            return None  # Whoever made them was stopped between the two.
        if certificate.not_valid_after_utc < self._time() + _EARLY or _spoken_for(certificate) != self._hosts:
            return None
        return Pair(certificate, key)

    def _made(self) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        name = _name(f"Vestnik emulators {serial:x}"[:40])
        builder = self._builder(name, name, key, _LIFE, serial)
        permitted = [x509.DNSName(host) for host in self._hosts]
        for extension in (
            x509.BasicConstraints(ca=True, path_length=0),
            _usage("key_cert_sign", "crl_sign"),
            x509.NameConstraints(permitted, _EVERY_ADDRESS),
        ):
            builder = builder.add_extension(extension, critical=True)
        made = Pair(builder.sign(key, hashes.SHA256()), key)
        self._write(KEY, _private(key), _OWNER_ONLY)
        self._write(CERTIFICATE, made.certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        log.info("made a certificate authority for the proxy", certificate=str(self.certificate))
        return made

    def _leaf(self, host: str) -> Pair:
        """The host's own certificate, which is never on disk for longer than it takes to read it."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._pair.certificate
        builder = self._builder(_name(host), issuer.subject, key, _LEAF_LIFE, x509.random_serial_number())
        above = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), critical=False)
        )
        return Pair(builder.sign(self._pair.key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta, serial: int
    ) -> x509.CertificateBuilder:
        now = self._time()
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(serial).not_valid_before(now - _EARLY).not_valid_after(now + life)
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)

    def _offering(self, leaf: Pair) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(ALPN)
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:  # Python takes certificates from files alone.
            file.write(_private(leaf.key) + leaf.certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _write(self, name: str, content: bytes, mode: int) -> None:
        """The file is there whole or as it was."""
        beside = self._folder / f"{name}.new"
        with suppress(FileNotFoundError):
            beside.unlink()
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._folder / name)


def _spoken_for(certificate: x509.Certificate) -> list[str]:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return []
    return sorted(name.value for name in constraints.permitted_subtrees or () if isinstance(name, x509.DNSName))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES})


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption())
