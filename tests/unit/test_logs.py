"""What a log line never shows."""

import pytest

from vestnik.logs import hide_secrets


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"token": "123:abc"}, {"token": "***"}),
        ({"app_secret": "x", "x_authorization": "y"}, {"app_secret": "***", "x_authorization": "***"}),
        (
            {"url": "http://host/bot123:abc/sendMessage"},
            {"url": "http://host/bot***/sendMessage"},
        ),
        ({"detail": "Bearer EAAx/1+2= was refused"}, {"detail": "Bearer *** was refused"}),
        ({"event": "key vk_abcDEF-_123 is new"}, {"event": "key vk_*** is new"}),
        ({"delivery_id": "01J-0", "attempt": 2}, {"delivery_id": "01J-0", "attempt": 2}),
    ],
)
def test_tokens_and_keys_are_hidden_wherever_they_stand(said: dict[str, object], shown: dict[str, object]) -> None:
    assert hide_secrets(None, "info", dict(said)) == shown
