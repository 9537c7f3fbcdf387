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


def test_a_messenger_has_the_options_that_it_declares_and_those_that_all_have() -> None:
    settings = read(OPTIONS, {}, {"VESTNIK_TOY_BASE_URL": "http://far"})
    assert settings.messengers == {"toy": {"token": "t-1", "base_url": "http://far", "honours_key": ""}}


def test_a_variable_that_is_no_setting_is_told_and_harms_nothing() -> None:
    settings = read(OPTIONS, {}, {"VESTNIK_TOYS_TOKEN": "x", "VESTNIK_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"})
    assert settings.unknown == ("VESTNIK_SERVICE_HOST", "VESTNIK_TOYS_TOKEN")


def test_variables_are_named_after_their_settings() -> None:
    assert variable("no_emulators") == "VESTNIK_NO_EMULATORS"
