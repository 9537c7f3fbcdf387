"""Who vouches for the proxy's hosts: made once, kept for its owner alone, believed for these hosts and no others."""

import ssl
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from vestnik.clock import SystemClock
from vestnik.domain.errors import BadSetting
from vestnik.domain.moment import seconds
from vestnik.proxy.authority import Authority

HOSTS = ("api.telegram.org", "graph.facebook.com")
DAY = 86400.0


def later(days: float) -> Callable[[], int]:
    return lambda: SystemClock().now() + seconds(days * DAY)


def made(folder: Path, *, days: float = 0.0, hosts: tuple[str, ...] = HOSTS) -> tuple[bytes, bytes]:
    authority = Authority(folder, hosts, later(days))
    return authority.certificate.read_bytes(), (folder / "ca.key").read_bytes()


def handshake(authority: Authority, host: str) -> str:
    """What a client that trusts the authority thinks of a server that speaks as the host; empty if all is well."""
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    server = authority.context(host).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    assert client.version() == "TLSv1.3"
    return ""


def test_it_is_made_once_and_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    first = made(tmp_path / "proxy")
    assert made(tmp_path / "proxy") == first
    assert stat.S_IMODE((tmp_path / "proxy" / "ca.key").stat().st_mode) == 0o600
    assert {file.name for file in (tmp_path / "proxy").iterdir()} == {"ca.key", "ca.pem"}
    assert b"PRIVATE" not in first[0]


def test_a_key_that_others_could_read_is_taken_from_them_and_that_is_said(tmp_path: Path) -> None:
    first = made(tmp_path)
    (tmp_path / "ca.key").chmod(0o644)
    with capture_logs() as logged:
        assert made(tmp_path) == first
    assert [line["log_level"] for line in logged] == ["warning"]
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600


def test_clients_believe_it_about_its_hosts_and_about_no_other(tmp_path: Path) -> None:
    authority = Authority(tmp_path, HOSTS, later(0))
    assert [handshake(authority, host) for host in HOSTS] == ["", ""]
    assert handshake(authority, "example.org") == "permitted subtree violation"
    assert handshake(authority, "127.0.0.1") != ""
    assert {file.name for file in tmp_path.iterdir()} == {"ca.key", "ca.pem"}


def test_a_certificate_is_used_again_until_it_is_about_to_end(tmp_path: Path) -> None:
    ahead = [0.0]
    authority = Authority(tmp_path, HOSTS, lambda: SystemClock().now() + seconds(ahead[-1] * DAY))
    first = authority.context(HOSTS[0])
    ahead.append(28.0)
    assert authority.context(HOSTS[0]) is first
    ahead.append(29.5)
    renewed = authority.context(HOSTS[0])
    assert renewed is not first
    assert authority.context(HOSTS[0]) is renewed


def test_one_that_is_about_to_end_or_speaks_for_other_hosts_is_made_anew(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert made(tmp_path, days=4 * 365) == first
    second = made(tmp_path, days=5 * 365)
    assert second != first
    assert made(tmp_path, days=5 * 365, hosts=HOSTS[:1]) not in (first, second)


def test_one_that_was_made_by_half_is_made_anew(tmp_path: Path) -> None:
    first = made(tmp_path)
    (tmp_path / "ca.pem").unlink()
    (tmp_path / "ca.pem.new").write_bytes(b"half of it")
    second = made(tmp_path)
    (tmp_path / "ca.pem").write_bytes(first[0])
    assert made(tmp_path)[1] not in (first[1], second[1])
    assert {file.name for file in tmp_path.iterdir()} == {"ca.key", "ca.pem"}


@pytest.mark.parametrize("name", ["ca.key", "ca.pem"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0\xff", b"-----BEGIN CERTIFICATE-----\n"])
def test_one_that_cannot_be_read_is_said_to_be_so_and_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    made(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadSetting, match="cannot be read; remove the folder"):
        made(tmp_path)
    assert (tmp_path / name).read_bytes() == content
