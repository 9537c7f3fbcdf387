"""What a log line never shows, and that it never does harm."""

import io

import pytest

from vestnik.logs import Unfailing, hide_secrets


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


def test_a_line_that_the_disk_has_no_room_for_is_lost_and_nothing_else_is() -> None:
    class FullDisk(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError("No space left on device")
            return super().write(text)

        def flush(self) -> None:
            if self.full:
                raise OSError("No space left on device")

    disk = FullDisk()
    lines = Unfailing(disk)
    print("lost", file=lines, flush=True)
    disk.full = False
    print("kept", file=lines, flush=True)
    assert disk.getvalue() == "kept\n"
