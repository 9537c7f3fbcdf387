"""What `vestnik send` prints of a long list, of which a later part is refused."""

import asyncio
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from vestnik.terminal.people import Named
from vestnik.terminal.sending import Sending, send
from vestnik.terminal.service import Service, ServiceTrouble


class Picky(Service):
    """A service that knows everybody but nobody."""

    def __init__(self) -> None:
        self.taken = 0

    async def call(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        assert (method, path, query) == ("POST", "/api/messages", {})
        if "nobody" in body["recipients"]:
            place = body["recipients"].index("nobody")
            faults = [(f"#/recipients/{place}/telegram", "wrong"), ("#/text", "too long")]
            raise ServiceTrouble("2 parameters are wrong", faults)
        self.taken += 1
        return {"id": f"01J{self.taken}", "duplicates": []}


def test_a_refusal_tells_where_a_recipient_was_named_and_what_was_accepted_before_is_known_by_its_id() -> None:
    people = [Named(f"account-{number}", f"people.csv, line {number + 2}") for number in range(1_500)]
    people.append(Named("nobody", "people.csv, line 1502"))
    console = Console(file=StringIO(), width=20)
    with pytest.raises(ServiceTrouble) as raised:
        asyncio.run(send(Picky(), Sending("acme", "Hi", ["telegram"], people, {}), console))
    assert str(raised.value).splitlines() == [
        "2 parameters are wrong",
        "  people.csv, line 1502, telegram: wrong",
        "  #/text: too long",
    ]
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue() == "01J1\n"
