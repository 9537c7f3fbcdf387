"""What the first request on a connection to the proxy means, and what is said to one that cannot be meant."""

import pytest

from vestnik.proxy.requests import Refused, Way, no_request, refusal, way_of

HOSTS = ("api.telegram.org", "graph.facebook.com")


@pytest.mark.parametrize(
    ("line", "way"),
    [
        ("CONNECT api.telegram.org:443 HTTP/1.1", Way("api.telegram.org", tunnel=True)),
        ("CONNECT API.Telegram.ORG:443 HTTP/1.0", Way("api.telegram.org", tunnel=True)),
        ("CONNECT graph.facebook.com.:443 HTTP/1.1", Way("graph.facebook.com", tunnel=True)),
        ("\r\nCONNECT graph.facebook.com:443 HTTP/1.1", Way("graph.facebook.com", tunnel=True)),
        ("POST https://graph.facebook.com/v23.0/1/messages?a=b HTTP/1.1", Way("graph.facebook.com", tunnel=False)),
        ("GET http://api.telegram.org:8443/bot1:a/getMe HTTP/1.1", Way("api.telegram.org", tunnel=False)),
        ("GET https://api.telegram.org HTTP/1.1", Way("api.telegram.org", tunnel=False)),
    ],
)
def test_a_request_for_an_emulated_host_finds_it(line: str, way: Way) -> None:
    assert way_of(f"{line}\r\nhost: whatever\r\n\r\n".encode(), HOSTS) == way


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("CONNECT example.org:443 HTTP/1.1", 403, "behind api.telegram.org, graph.facebook.com and none behind exa"),
        ("CONNECT api.telegram.org.example.org:443 HTTP/1.1", 403, "none behind api.telegram.org.example.org"),
        ("CONNECT evil-api.telegram.org:443 HTTP/1.1", 403, "none behind evil-api.telegram.org"),
        ("CONNECT [::1]:443 HTTP/1.1", 403, r"none behind [::1]"),
        ("CONNECT api.telegram.org:80 HTTP/1.1", 403, "on port 443 alone, not 80"),
        ("CONNECT api.telegram.org HTTP/1.1", 400, "HOST:PORT, not api.telegram.org"),
        ("CONNECT https://api.telegram.org:443 HTTP/1.1", 400, "HOST:PORT"),
        ("CONNECT a@api.telegram.org:443 HTTP/1.1", 400, "HOST:PORT"),
        ("CONNECT api.telegram.org:443:443 HTTP/1.1", 400, "HOST:PORT"),
        ("CONNECT \xff:443 HTTP/1.1", 403, r"none behind \xff"),
        ("CONNECT :443 HTTP/1.1", 400, "HOST:PORT"),
        ("CONNECT  HTTP/1.1", 400, "no HTTP/1.1 request"),
        ("connect api.telegram.org:443 HTTP/1.1", 400, "no HTTP/1.1 request"),
        ("PRI * HTTP/2.0", 400, "no HTTP/1.1 request"),
        ("GET /bot1:a/getMe HTTP/1.1", 405, "CONNECT, or the whole address"),
        ("GET ftp://api.telegram.org/ HTTP/1.1", 405, "CONNECT, or the whole address"),
        ("GET http://user@api.telegram.org/ HTTP/1.1", 405, "CONNECT, or the whole address"),
        ("GET http://example.org/ HTTP/1.1", 403, "none behind example.org"),
    ],
)
def test_any_other_is_refused_in_words_that_name_it(line: str, status: int, words: str) -> None:
    with pytest.raises(Refused) as refused:
        way_of(f"{line}\r\n\r\n".encode("latin-1"), HOSTS)
    assert refused.value.status == status
    assert words in refused.value.detail
    head, _, body = refusal(refused.value).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert f"content-length: {len(body)}".encode() in head
    assert body.isascii()
    assert (b"allow: CONNECT" in head) is (status == 405)


def test_a_long_name_is_not_told_in_full_length() -> None:
    with pytest.raises(Refused) as refused:
        way_of(b"CONNECT " + b"a" * 60_000 + b":443 HTTP/1.1\r\n\r\n", HOSTS)
    assert len(refused.value.detail) < 300


@pytest.mark.parametrize("start", [b"", b"C", b"\r\n", b"\r\nCONN", b"GET "])
def test_what_may_become_a_request_is_waited_for(start: bytes) -> None:
    assert no_request(start) is None


@pytest.mark.parametrize(
    ("start", "words"), [(b"\x16\x03\x01\x02\x00", "begins with http://"), (b"\0", "no HTTP"), (b"\xff\xfe", "no HTTP")]
)
def test_what_cannot_is_known_at_once(start: bytes, words: str) -> None:
    refused = no_request(start)
    assert refused is not None
    assert words in refused.detail
