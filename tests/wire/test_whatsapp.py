"""Decides whether the WhatsApp wire reads and writes what the Cloud API does: a table of objects and their exact bytes.

It has never heard of gateways or emulators. Shapes are those of Meta's OpenAPI of Graph v23.0 and of its webhooks.
"""

import pytest

from vestnik.messengers.whatsapp import codes, wire

SECRET = "an-app-secret"
WAMID = "wamid.HBgLMTU1NTAxMDAwMDEVAgARGBI3RDBBNkVEMTAyQjYxMkQ4QzQA"
METADATA = wire.Metadata("15550100002", "106540352242922")
METADATA_JSON = (
    b'"messaging_product":"whatsapp",'
    b'"metadata":{"display_phone_number":"15550100002","phone_number_id":"106540352242922"}'
)

EMPTY = b'{"object":"whatsapp_business_account","entry":[]}'

MESSAGES: list[tuple[wire.SendMessage | wire.Sent, bytes]] = [
    (
        wire.SendMessage(
            "whatsapp", "individual", "15550100001", "text", wire.Text("Grüße 📦", preview_url=False), "01JD-0"
        ),
        '{"messaging_product":"whatsapp","recipient_type":"individual","to":"15550100001","type":"text",'
        '"text":{"body":"Grüße 📦","preview_url":false},"biz_opaque_callback_data":"01JD-0"}'.encode(),
    ),
    (
        wire.SendMessage("whatsapp", to="+1 555 010 0001", text=wire.Text("https://post.example", preview_url=True)),
        (
            b'{"messaging_product":"whatsapp","to":"+1 555 010 0001",'
            b'"text":{"body":"https://post.example","preview_url":true}}'
        ),
    ),
    (
        wire.Sent("whatsapp", (wire.Contact("+15550100001", "15550100001"),), (wire.Accepted(WAMID),)),
        b'{"messaging_product":"whatsapp","contacts":[{"input":"+15550100001","wa_id":"15550100001"}],'
        b'"messages":[{"id":"' + WAMID.encode() + b'"}]}',
    ),
    (
        wire.Sent("whatsapp", (wire.Contact("15550100001", "15550100001"),), (wire.Accepted(WAMID, "accepted"),)),
        b'{"messaging_product":"whatsapp","contacts":[{"input":"15550100001","wa_id":"15550100001"}],'
        b'"messages":[{"id":"' + WAMID.encode() + b'","message_status":"accepted"}]}',
    ),
]

ERRORS: list[tuple[wire.Error, bytes]] = [
    (
        wire.error(131030, "Add the number to the list.", fbtrace_id="AbC"),
        (
            b'{"error":{"message":"(#131030) Recipient phone number not in allowed list","type":"OAuthException",'
            b'"code":131030,"error_data":{"messaging_product":"whatsapp","details":"Add the number to the list."},'
            b'"fbtrace_id":"AbC"}}'
        ),
    ),
    (
        wire.error(131056),
        (
            b'{"error":{"message":"(#131056) (Business Account, Consumer Account) pair rate limit hit",'
            b'"type":"OAuthException","code":131056}}'
        ),
    ),
    (
        wire.Error(
            message="Invalid OAuth access token - Cannot parse access token",
            type="OAuthException",
            code=190,
            fbtrace_id="x",
        ),
        (
            b'{"error":{"message":"Invalid OAuth access token - Cannot parse access token","type":"OAuthException",'
            b'"code":190,"fbtrace_id":"x"}}'
        ),
    ),
    (
        wire.Error(message="Unsupported post request.", type="GraphMethodException", code=100, error_subcode=33),
        (
            b'{"error":{"message":"Unsupported post request.","type":"GraphMethodException","code":100,'
            b'"error_subcode":33}}'
        ),
    ),
]

NOTIFICATIONS: list[tuple[tuple[wire.Entry, ...], bytes]] = [
    (
        (
            wire.Entry(
                "102290129340398",
                (
                    wire.Value(
                        "whatsapp",
                        METADATA,
                        statuses=(
                            wire.Status(
                                WAMID,
                                "sent",
                                "1795426200",
                                "15550100001",
                                "01JD-0",
                                wire.Conversation("72b14d6b", "1795512600", wire.Origin("service")),
                                wire.Pricing(billable=True, pricing_model="PMP", type="regular", category="service"),
                            ),
                            wire.Status(WAMID, "read", "1795426203", "15550100001", "01JD-0"),
                        ),
                    ),
                ),
            ),
        ),
        b'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{'
        + METADATA_JSON
        + b',"statuses":[{"id":"'
        + WAMID.encode()
        + b'","status":"sent","timestamp":"1795426200","recipient_id":"15550100001",'
        b'"biz_opaque_callback_data":"01JD-0",'
        b'"conversation":{"id":"72b14d6b","expiration_timestamp":"1795512600","origin":{"type":"service"}},'
        b'"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"service"}},{"id":"'
        + WAMID.encode()
        + b'","status":"read","timestamp":"1795426203","recipient_id":"15550100001",'
        b'"biz_opaque_callback_data":"01JD-0"}]},'
        b'"field":"messages"}]}]}',
    ),
    (
        (
            wire.Entry(
                "1",
                (
                    wire.Value(
                        "whatsapp",
                        METADATA,
                        statuses=(
                            wire.Status(
                                WAMID,
                                "failed",
                                "1795426200",
                                "15550100001",
                                errors=(wire.problem(131026, "No WhatsApp."),),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{'
        + METADATA_JSON
        + b',"statuses":[{"id":"'
        + WAMID.encode()
        + b'","status":"failed","timestamp":"1795426200","recipient_id":"15550100001","errors":[{"code":131026,'
        b'"title":"Message undeliverable","message":"Message undeliverable",'
        b'"error_data":{"details":"No WhatsApp."}}]}]},'
        b'"field":"messages"}]}]}',
    ),
    (
        (
            wire.Entry(
                "1",
                (
                    wire.Value(
                        "whatsapp",
                        METADATA,
                        contacts=({"profile": {"name": "Zoë"}, "wa_id": "15550100001"},),
                        messages=(
                            {
                                "from": "15550100001",
                                "id": WAMID,
                                "timestamp": "1795426200",
                                "text": {"body": "да"},
                                "type": "text",
                            },
                        ),
                    ),
                ),
            ),
        ),
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{'
        + METADATA_JSON
        + b',"contacts":[{"profile":{"name":"Zo\\u00eb"},"wa_id":"15550100001"}],'
        b'"messages":[{"from":"15550100001","id":"'
        + WAMID.encode()
        + b'","timestamp":"1795426200","text":{"body":"\\u0434\\u0430"},"type":"text"}]},"field":"messages"}]}]}',
    ),
    ((), EMPTY),
]


@pytest.mark.parametrize(("thing", "raw"), MESSAGES)
def test_a_message_and_its_answer_are_their_bytes(thing: wire.SendMessage | wire.Sent, raw: bytes) -> None:
    assert wire.encode(thing) == raw
    assert (wire.decode(raw, type(thing)) if isinstance(thing, wire.SendMessage) else wire.decode_answer(raw)) == thing


@pytest.mark.parametrize(("error", "raw"), ERRORS)
def test_an_error_and_its_bytes_are_the_same_thing(error: wire.Error, raw: bytes) -> None:
    assert wire.encode_error(error) == raw
    assert wire.decode_answer(raw) == error


@pytest.mark.parametrize(("entries", "raw"), NOTIFICATIONS)
def test_a_notification_and_its_bytes_are_the_same_thing(entries: tuple[wire.Entry, ...], raw: bytes) -> None:
    assert wire.encode_notification(entries) == raw
    assert wire.decode_notification(raw) == entries


def test_changes_of_other_fields_are_left_out() -> None:
    raw = (
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","time":1,"changes":[{"field":"account_update",'
        b'"value":{"event":"VERIFIED_ACCOUNT"}},{"field":"messages","value":{'
        + METADATA_JSON
        + b',"new":{}}}]}],"new":1}'
    )
    assert wire.decode_notification(raw) == (wire.Entry("1", (wire.Value("whatsapp", METADATA),)),)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"\xff", b'{"x":' + b"[" * 100_000, b'{"error":{}}', b'{"to":5,"object":5}']
)
def test_what_cannot_be_read_is_told_apart(raw: bytes) -> None:
    with pytest.raises(ValueError):
        wire.decode_answer(raw)
    with pytest.raises(ValueError):
        wire.decode_notification(raw)
    if b"error" not in raw:
        with pytest.raises(ValueError):
            wire.decode(raw, wire.SendMessage)


def test_null_and_unknown_fields_count_as_absent() -> None:
    raw = b'{"messaging_product":"whatsapp","context":{"message_id":"x"},"text":null,"type":null}'
    assert wire.decode(raw, wire.SendMessage) == wire.SendMessage("whatsapp")


def test_a_subscription_travels_in_the_query() -> None:
    subscription = wire.Subscription(
        "whatsapp_business_account", "http://127.0.0.1:8080/receipts?a=1&b=2", "verify me", "messages", "12|secret"
    )
    query = (
        "object=whatsapp_business_account&callback_url=http%3A%2F%2F127.0.0.1%3A8080%2Freceipts%3Fa%3D1%26b%3D2"
        "&verify_token=verify+me&fields=messages&access_token=12%7Csecret"
    )
    assert wire.encode_subscription(subscription) == query
    assert wire.decode_subscription(query) == subscription
    with pytest.raises(ValueError, match="callback_url"):
        wire.decode_subscription("object=x&verify_token=y&fields=messages&access_token=z")


def test_a_webhook_is_verified_by_its_token() -> None:
    query = wire.encode_challenge("verify me", "1158201444")
    assert query == "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify+me"
    assert wire.answer_challenge(query, "verify me") == "1158201444"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify+me",
        "hub.mode=subscribe&hub.verify_token=verify+me",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%D0%B4",
    ],
)
def test_a_webhook_is_not_verified_by_anything_else(query: str) -> None:
    assert wire.answer_challenge(query, "verify me") is None


def test_a_signature_is_of_the_raw_body_under_the_apps_secret() -> None:
    # printf '%s' EMPTY | openssl dgst -sha256 -hmac an-app-secret
    known = "sha256=cecfa36f46ea73c8481071dc29a6c031566b17ca38f5da884ce85fdf6bc085c5"
    assert wire.sign(SECRET, EMPTY) == known
    assert wire.signed(SECRET, EMPTY, known)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "cecfa36f46ea73c8481071dc29a6c031566b17ca38f5da884ce85fdf6bc085c5",
        "sha1=KNOWN",
        "sha256=" + "0" * 64,
        "sha256=é",
    ],
)
def test_a_forged_signature_is_noticed(signature: str) -> None:
    assert not wire.signed(SECRET, EMPTY, signature)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/v23.0/106540352242922/messages", ("106540352242922", "messages")),
        ("/v14.0/106540352242922/messages/", ("106540352242922", "messages")),
        ("/106540352242922/messages", ("106540352242922", "messages")),
        ("/v26.0/106540352242922", ("106540352242922", "")),
        ("/v26.0/a/b/c", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_path_names_a_node_and_an_edge(path: str, parts: tuple[str, str] | None) -> None:
    assert wire.split_path(path) == parts
    assert wire.split_path(wire.messages_path("1")) == ("1", "messages")
    assert wire.split_path(wire.subscriptions_path("2")) == ("2", "subscriptions")


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("+79161234567", "79161234567"),
        ("79161234567", "79161234567"),
        ("+7 (916) 123-45-67", "79161234567"),
        ("+1.555.010.0001", "15550100001"),
        ("+39 06 1234 5678", "390612345678"),
        ("+358401234567", "358401234567"),
    ],
)
def test_a_number_has_one_form(given: str, known: str) -> None:
    assert wire.canonical(given) == known
    assert wire.canonical(known) == known


@pytest.mark.parametrize(
    "given",
    [
        "",
        "+",
        "+7",
        "12345",
        "89161234",
        "+7916123456789012345",
        "+999123456789",
        "john",
        "+7916CALLME",
        "٧٩١٦١٢٣٤٥٦٧",
        "+79161234567\n",
        " +79161234567",
        "++79161234567",
        "+79161234567;ext=1",
        "9" * 5000,
        "+0000000000",
    ],
)
def test_what_is_no_number_is_told_so(given: str) -> None:
    with pytest.raises(ValueError, match="a WhatsApp identifier is a phone number in international form"):
        wire.canonical(given)


def test_every_error_of_the_table_can_be_said_both_at_once_and_later() -> None:
    for code in codes.ERRORS:
        error, problem = wire.error(code), wire.problem(code)
        assert (error.code, problem.code, error.message) == (code, code, f"(#{code}) {problem.title}")
