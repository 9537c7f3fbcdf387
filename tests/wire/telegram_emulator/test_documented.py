"""What the documents say is not stateful is exactly what nobody does the work of."""

import re
from pathlib import Path

from tests.wire.telegram_emulator.asking import Api, told
from vestnik.messengers.telegram import facts
from vestnik.messengers.telegram.emulator.door import TelegramEmulator

DOCUMENT = Path(__file__).parents[3] / "docs/wire/telegram.md"


def test_methods_that_keep_something_and_those_that_keep_nothing_are_listed(tmp_path: Path) -> None:
    before, listed, _ = DOCUMENT.read_text(encoding="utf-8").split("<!-- not stateful -->")
    _, stateful = before.split("## What is stateful")

    async def story(api: Api) -> None:
        emulator = api.world.emulation.emulators["telegram"]
        assert isinstance(emulator, TelegramEmulator)
        idle = [name for name in facts.method_names() if not emulator.does(name)]
        assert re.findall(r"`(\w+)`", listed) == idle
        named = set(re.findall(r"`(\w+)`", stateful))
        assert [name for name in facts.method_names() if name not in named] == idle

    told(tmp_path, story)
