"""What `vestnik send` prints of a long list, of which a later part is refused."""

import asyncio
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

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
            raise ServiceTrouble("one parameter is wrong", [(f"#/recipients/{place}", "there is no account nobody")])
        self.taken += 1
        return {"id": f"01J{self.taken}", "duplicates": []}


def test_a_refusal_counts_from_the_first_of_all_and_what_was_accepted_before_is_known_by_its_id() -> None:
    people = [*(f"account-{number}" for number in range(1_500)), "nobody"]
    console = Console(file=StringIO(), width=20)
    with pytest.raises(ServiceTrouble) as raised:
        asyncio.run(send(Picky(), Sending("acme", "Hi", ["telegram"], people, {}), console))
    assert str(raised.value).splitlines() == [
        "one parameter is wrong",
        "  #/recipients/1500: there is no account nobody",
    ]
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue() == "01J1\n"
