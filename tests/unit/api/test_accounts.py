"""What may be asked about accounts."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.unit.api.asking import OWL, PIGEON, Asking, asking


def test_an_account_is_created_replaced_shown_and_deleted() -> None:
    async def work(ask: Asking) -> None:
        created = await ask.call("PUT", "/api/accounts/john", {"name": "John", "identifiers": {OWL: "hedwig"}})
        assert created.expect(201) == {"id": "john", "name": "John", "identifiers": {OWL: "Hedwig"}}
        assert created.headers["location"] == "/api/accounts/john"
        replaced = await ask.call("PUT", "/api/accounts/john", {"id": "john", "identifiers": {PIGEON: "#7", OWL: None}})
        assert replaced.expect(200) == {"id": "john", "name": "john", "identifiers": {PIGEON: "7"}}
        assert "location" not in replaced.headers
        assert (await ask.call("GET", "/api/accounts/john")).expect(200) == replaced.json
        assert (await ask.call("DELETE", "/api/accounts/john")).expect(204) is None
        (await ask.call("GET", "/api/accounts/john")).expect(404)
        (await ask.call("DELETE", "/api/accounts/john")).expect(404)

    asking(work)


@pytest.mark.parametrize(
    "account_id",
    [
        "john",
        "EGAZ3SZRi6zW1D0uNYhQHg==",
        "01234567890A=",
        "+/a/b+c==",
        "/abc",
        "john@example.org",
        "a.b_c~d-e",
        "x" * 64,
    ],
)
def test_an_id_may_be_a_slug_base64_or_an_address(account_id: str) -> None:
    async def work(ask: Asking) -> None:
        path = f"/api/accounts/{quote(account_id, safe='')}"
        created = await ask.call("PUT", path, {"identifiers": {OWL: "hedwig"}})
        assert created.expect(201)["id"] == account_id
        assert created.headers["location"] == path
        assert (await ask.call("GET", created.headers["location"])).expect(200)["id"] == account_id
        told = (await ask.send(recipients=[account_id])).expect(202)
        assert told["deliveries"][0]["account"] == account_id
        (await ask.call("DELETE", path)).expect(204)

    asking(work)


@pytest.mark.parametrize("account_id", ["a b", "x" * 65, "ы", "a/../b", "a/.b", ".hidden", "-a", "?", "a\0"])
def test_other_ids_are_refused(account_id: str) -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call("PUT", f"/api/accounts/{quote(account_id, safe='')}", {})
        assert set(answer.faults()) == {"#/path/id"}

    asking(work)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"id": "jane"}, {"#/id"}),
        ({"id": 5, "name": 5, "identifiers": [], "x": 1}, {"#/id", "#/name", "#/identifiers", "#/x"}),
        ({"name": "x" * 201}, {"#/name"}),
        ({"name": "nul\0"}, {"#/name"}),
        (
            {"identifiers": {OWL: "7", PIGEON: 7, "eagle": "x"}},
            {"#/identifiers/owl", "#/identifiers/pigeon", "#/identifiers/eagle"},
        ),
        ({"identifiers": {OWL: ""}}, {"#/identifiers/owl"}),
        ([], {"#"}),
    ],
)
def test_every_wrong_parameter_is_named(body: Any, pointers: set[str]) -> None:
    async def work(ask: Asking) -> None:
        assert set((await ask.call("PUT", "/api/accounts/john", body)).faults()) == pointers
        assert (await ask.call("GET", "/api/accounts")).expect(200)["accounts"] == []

    asking(work)


def test_accounts_are_listed_by_id_a_page_at_a_time() -> None:
    async def work(ask: Asking) -> None:
        ids = [f"user-{number}" for number in range(5)]
        for account_id in reversed(ids):
            (await ask.call("PUT", f"/api/accounts/{account_id}", {})).expect(201)
        first = (await ask.call("GET", "/api/accounts", limit=3)).expect(200)
        second = (await ask.call("GET", "/api/accounts", limit=3, cursor=first["next"])).expect(200)
        assert [account["id"] for account in first["accounts"] + second["accounts"]] == ids
        assert second["next"] is None

    asking(work)
