"""Settings come from the environment and the command line, and each bad one is named."""

from pathlib import Path

import pytest

from vestnik.config import described, read, variable
from vestnik.domain.errors import BadSetting
from vestnik.domain.judge import OnUnclear
from vestnik.messengers.registry import Option

OPTIONS = {"toy": (Option("token", "t-1", "the bot"),)}


def test_without_anything_set_the_defaults_of_the_contract_are_in_force() -> None:
    settings = read({}, {}, {})
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8080, Path("vestnik-data"))
    assert (settings.max_attempts, settings.retry_base, settings.retry_cap) == (5, 2, 300)
    assert (settings.send_timeout, settings.lease) == (10, 60)
    assert settings.dedupe_window is None
    assert settings.on_unclear is OnUnclear.RESEND


def test_every_setting_can_be_given_by_the_variable_that_describes_it() -> None:
    for name, default, _ in described(OPTIONS):
        if default:
            assert not read(OPTIONS, {}, {name: default}).unknown


def test_an_option_of_the_command_line_wins_over_the_environment() -> None:
    environment = {"VESTNIK_PORT": "1", "VESTNIK_DATA": "/a", "VESTNIK_DEMO": "1"}
    settings = read({}, {"port": "2", "data": None, "demo": None}, environment)
    assert (settings.port, settings.data, settings.demo) == (2, Path("/a"), True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("VESTNIK_PROXY_PORT", "70000"),
        ("VESTNIK_PORT", "http"),
        ("VESTNIK_PORT", "65536"),
        ("VESTNIK_PORT", "-1"),
        ("VESTNIK_PORT", "٣"),
        ("VESTNIK_DEMO", "perhaps"),
        ("VESTNIK_MAX_ATTEMPTS", "0"),
        ("VESTNIK_RETRY_BASE", "nan"),
        ("VESTNIK_RETRY_BASE", "soon"),
        ("VESTNIK_SEND_TIMEOUT", "0"),
        ("VESTNIK_ON_UNCLEAR", "guess"),
        ("VESTNIK_DEDUPE_WINDOW", "always"),
        ("VESTNIK_LOG_FORMAT", "xml"),
        ("VESTNIK_LIMITS", "some"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_and_its_value(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read({}, {}, {name: text})
    line = str(refusal.value)
    assert line.startswith(f"{name}: {text!r} cannot be used, give ")
    assert "\n" not in line


def test_a_bad_option_is_named_as_the_command_line_spells_it() -> None:
    with pytest.raises(BadSetting, match=r"^--port: 'x' cannot be used"):
        read({}, {"port": "x"}, {})


def test_a_lease_that_an_attempt_can_outlast_is_refused() -> None:
    with pytest.raises(BadSetting, match="VESTNIK_LEASE"):
        read({}, {}, {"VESTNIK_LEASE": "15", "VESTNIK_SEND_TIMEOUT": "10"})


def test_a_longest_wait_below_the_first_is_refused() -> None:
    with pytest.raises(BadSetting, match="VESTNIK_RETRY_CAP"):
        read({}, {}, {"VESTNIK_RETRY_CAP": "1", "VESTNIK_RETRY_BASE": "2"})


def test_every_setting_may_stand_in_a_file_that_a_variable_names(tmp_path: Path) -> None:
    url, token = tmp_path / "url", tmp_path / "token"
    url.write_text("postgresql://vestnik:secret@db/vestnik\n", encoding="utf-8")
    token.write_text("t-2", encoding="utf-8")
    given = {"VESTNIK_DATABASE_URL_FILE": str(url), "VESTNIK_TOY_TOKEN_FILE": str(token)}
    settings = read(OPTIONS, {}, given)
    assert settings.database_url == "postgresql://vestnik:secret@db/vestnik"
    assert settings.messengers["toy"]["token"] == "t-2"
    assert settings.unknown == ()
    assert read(OPTIONS, {"database_url": "sqlite:///x"}, given).database_url == "sqlite:///x"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "cannot be read: it is no text"),
        (b"x" * 70_000, "is too long"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_that_names_it_and_never_what_it_holds(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSetting) as refusal:
        read(OPTIONS, {}, {"VESTNIK_BROKER_URL_FILE": str(file)})
    assert str(refusal.value) == f"VESTNIK_BROKER_URL_FILE: {file} {reason}"


def test_a_bad_value_in_a_file_is_refused_without_its_password(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("http://vestnik:secret@mq", encoding="utf-8")
    with pytest.raises(BadSetting, match="VESTNIK_BROKER_URL: 'mq' cannot be used"):
        read(OPTIONS, {}, {"VESTNIK_BROKER_URL_FILE": str(file)})


def test_a_setting_given_twice_over_is_refused() -> None:
    with pytest.raises(BadSetting, match="VESTNIK_PORT: give it or VESTNIK_PORT_FILE, not both"):
        read(OPTIONS, {}, {"VESTNIK_PORT": "1", "VESTNIK_PORT_FILE": "/run/secrets/port"})


def test_a_messenger_has_the_options_that_it_declares_and_those_that_all_have() -> None:
    settings = read(OPTIONS, {}, {"VESTNIK_TOY_BASE_URL": "http://far"})
    assert settings.messengers == {"toy": {"token": "t-1", "base_url": "http://far", "honours_key": ""}}


def test_a_variable_that_is_no_setting_is_told_and_harms_nothing() -> None:
    settings = read(OPTIONS, {}, {"VESTNIK_TOYS_TOKEN": "x", "VESTNIK_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"})
    assert settings.unknown == ("VESTNIK_SERVICE_HOST", "VESTNIK_TOYS_TOKEN")


def test_variables_are_named_after_their_settings() -> None:
    assert variable("no_emulators") == "VESTNIK_NO_EMULATORS"
