"""A message's progress, as a terminal shows it."""

from io import StringIO

from rich.console import Console

from vestnik.terminal.watching import picture


def test_each_messenger_has_a_line_with_a_bar_and_its_states() -> None:
    progress = {
        "id": "01J",
        "status": "sending",
        "messengers": {"telegram": {"delivered": 3, "waiting": 1}, "viber": {"failed": 2}},
    }
    shown = Console(file=StringIO(), width=120)
    shown.print(picture(progress))
    assert isinstance(shown.file, StringIO)
    first, _, telegram, viber = shown.file.getvalue().strip().splitlines()
    assert first.split() == ["01J", "sending"]
    assert telegram.split()[0] == "telegram"
    assert telegram.split()[2:] == ["3", "4", "waiting", "1,", "delivered", "3"]
    assert viber.split()[2:] == ["2", "2", "failed", "2"]
