"""The API describes itself, out of the very types that decode and encode, on pages that need nothing from elsewhere."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from prometheus_client import CollectorRegistry

from tests.unit.api.asking import BIRDS, OWL, PIGEON, Asking, asking, pass_time
from tests.unit.api.test_keys import add_key
from tests.virtual import VirtualClock
from vestnik.api.app import all_operations
from vestnik.api.operations import Operation
from vestnik.api.parts import ApiSettings, Door, Parts, Unheard
from vestnik.api.problems import KINDS
from vestnik.domain.account import Account
from vestnik.store.memory import MemoryStore

METHODS = {"get", "post", "put", "patch", "delete"}


def description(path: str = "/api/openapi.json") -> dict[str, Any]:
    async def work(ask: Asking) -> dict[str, Any]:
        found: dict[str, Any] = (await ask.call("GET", path)).expect(200)
        return found

    return asking(work)


def routes() -> list[Operation]:
    parts = Parts(
        MemoryStore(),
        VirtualClock(),
        BIRDS,
        {},
        Unheard(),
        ApiSettings(),
        None,
        lambda: None,
        Door(),
        CollectorRegistry(),
    )
    return all_operations(parts)


DESCRIBED = description()
EXAMPLES = [
    pytest.param(method.upper(), path, example["value"], id=f"{method} {path} {name}")
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
    for name, example in operation.get("requestBody", {})
    .get("content", {})
    .get("application/json", {})
    .get("examples", {})
    .items()
]


def test_every_route_is_described() -> None:
    described = {(method.upper(), path) for path, methods in DESCRIBED["paths"].items() for method in methods}
    assert described == {(operation.method, operation.name) for operation in routes()}
    assert ("POST", "/api/messages") in described
    assert ("GET", "/api/accounts/{id}") in described


def test_every_described_route_is_there() -> None:
    async def work(ask: Asking) -> None:
        for path, methods in DESCRIBED["paths"].items():
            for method in methods:
                answer = await ask.call(method.upper(), re.sub(r"{\w+}", "owl", path))
                assert answer.status != 405
                assert b"no route has this path" not in answer.body

    asking(work)


def test_it_is_openapi_3_1_and_its_schemas_are_schemas() -> None:
    assert DESCRIBED["openapi"] == "3.1.0"
    for schema in DESCRIBED["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    assert "x-messengers" not in repr(DESCRIBED)


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", repr(DESCRIBED)))
    assert names == set(DESCRIBED["components"]["schemas"])


def test_every_operation_has_its_own_name_and_tells_of_each_problem() -> None:
    operations = [operation for methods in DESCRIBED["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    told = {
        slug
        for operation in operations
        for response in operation["responses"].values()
        for slug in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert told == {kind.slug for kind in KINDS}


def test_every_reply_is_shown_as_its_schema_has_it_and_does_not_contradict_itself() -> None:
    replies = [
        content
        for methods in DESCRIBED["paths"].values()
        for operation in methods.values()
        for response in operation["responses"].values()
        for media_type, content in response.get("content", {}).items()
        if media_type == "application/json" and "schema" in content
    ]
    assert len(replies) > 15
    for reply in replies:
        schema = {**reply["schema"], "components": DESCRIBED["components"]}
        assert list(jsonschema_rs.Draft202012Validator(schema).iter_errors(reply["example"])) == []
    for message in (reply["example"] for reply in replies if "is_sent" in reply["example"]):
        assert message["is_sent"] is (message["status"] in ("sent", "delivered", "read"))
        assert sum(message["counts"].values()) == len(message["deliveries"])


def test_every_link_leads_to_an_operation_and_gives_it_every_part_of_its_path() -> None:
    operations = [operation for methods in DESCRIBED["paths"].values() for operation in methods.values()]
    named = {operation["operationId"]: operation for operation in operations}
    links = [
        link
        for operation in operations
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    for link in links:
        parameters = {parameter["name"]: parameter for parameter in named[link["operationId"]]["parameters"]}
        assert set(link["parameters"]) <= set(parameters)
        assert {name for name, each in parameters.items() if each["in"] == "path"} <= set(link["parameters"])
    assert {"get_api_messages_id", "post_api_messages_id_cancel", "get_api_messages_id_deliveries"} <= {
        link["operationId"] for link in links
    }


@pytest.mark.parametrize("path", ["/api/openapi.json", "/docs/openapi.json"])
def test_keys_are_told_to_be_needed_as_soon_as_they_are(path: str) -> None:
    async def work(ask: Asking) -> None:
        def security(described: Any) -> Any:
            return described["paths"]["/api/messages"]["post"]["security"]

        assert security((await ask.call("GET", path)).expect(200)) == [{}, {"key": []}]
        ask.key = await add_key(ask)
        await pass_time(1)
        told = (await ask.call("GET", path)).expect(200)
        assert security(told) == [{"key": []}]
        assert told["paths"]["/livez"]["get"]["security"] == []

    asking(work)


def test_every_route_that_takes_a_body_shows_an_example() -> None:
    for methods in DESCRIBED["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                assert operation["requestBody"]["content"]["application/json"]["examples"]
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLES)
def test_every_example_is_understood(method: str, path: str, body: Any) -> None:
    async def work(ask: Asking) -> None:
        for account_id in ("john", "EGAZ3SZRi6zW1D0uNYhQHg=="):
            await ask.store.put_account(Account(account_id, "John", {OWL: "Hedwig", PIGEON: "7"}))
        sent = (await ask.send(send_at="2029-01-01T00:00:00Z")).expect(202)
        delivery_id = sent["deliveries"][0]["id"]
        found = path.replace("{id}", delivery_id if "deliveries" in path else sent["id"])
        answer = await ask.call(method, found, body)
        # What is not unknown cannot be resolved; all that matters here is that the example was understood.
        assert answer.status in ((409,) if path.endswith("resolve") else (200, 201, 202))

    asking(work, movable=True)


def test_the_messengers_are_in_the_schemas_by_name() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    message = schemas["MessageBody"]["properties"]
    assert message["messengers"]["items"]["enum"] == [OWL, PIGEON]
    identifiers = message["recipients"]["items"]["anyOf"][1]
    assert set(identifiers["properties"]) == {OWL, PIGEON}
    assert identifiers["additionalProperties"] is False
    assert identifiers["properties"][OWL]["examples"] == ["Hedwig"]
    assert set(schemas["AccountBody"]["properties"]["identifiers"]["properties"]) == {OWL, PIGEON}
    assert "enum" not in repr(schemas["SendmsgBody"]["properties"]["messengers_list"])


def test_the_page_gets_the_same_description_without_a_key() -> None:
    assert description("/docs/openapi.json") == DESCRIBED


class Addresses(HTMLParser):
    """Every address that a page loads or leads to, and every script inside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value for name in ("src", "href", "action") if (value := given.get(name))]
        self.inline += tag == "style" or (tag == "script" and "src" not in given)
        assert not any(name.startswith("on") or name == "style" for name in given)


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
def test_a_page_loads_nothing_from_elsewhere_and_has_no_script_in_it(path: str) -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call("GET", path)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        page = Addresses()
        page.feed(answer.body.decode())
        assert page.inline == 0
        for address in page.found:
            assert address == "data:," or address.startswith("/docs/")
            if address.startswith("/docs/"):
                assert (await ask.call("GET", address)).status == 200

    asking(work)


def test_whoever_opens_the_bare_address_is_led_to_the_page() -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call("GET", "/")
        assert (answer.status, answer.headers["location"]) == (307, "/docs")

    asking(work)


def test_the_start_of_the_page_asks_no_validator_elsewhere() -> None:
    start = (files("vestnik.api") / "assets" / "start.js").read_text()
    assert "validatorUrl: null" in start
    assert "://" not in start


def test_every_type_of_problem_leads_to_its_explanation() -> None:
    async def work(ask: Asking) -> None:
        page = (await ask.call("GET", "/docs/problems")).body.decode()
        for kind in KINDS:
            assert kind.uri == f"/docs/problems#{kind.slug}"
            assert f'<tr id="{kind.slug}">' in page
        assert "`" not in page

    asking(work)


@pytest.mark.parametrize(
    ("style", "laid_out"), [("page.css", "table, tbody, tr, td"), ("description.css", ".response > td")]
)
def test_on_a_phone_a_table_lies_below_itself_instead_of_standing_out_of_the_screen(style: str, laid_out: str) -> None:
    narrow = (files("vestnik.api") / "assets" / style).read_text().partition("@media (max-width: 40rem) {")[2]
    [rule] = [line for line in narrow.splitlines() if laid_out in line and "display: block" in line]
    assert rule
    assert "overflow-wrap: anywhere" in narrow


def test_the_description_leads_to_the_types_of_problems_and_shows_them_without_markup() -> None:
    assert "(/docs/problems)" in DESCRIBED["info"]["description"]
    refusals = DESCRIBED["paths"]["/api/messages"]["post"]["responses"]["401"]["content"]["application/problem+json"]
    assert refusals["examples"]["unauthorized"]["summary"].startswith("Send a key that is in force as Authorization")
    assert "`" not in repr(refusals["examples"])
