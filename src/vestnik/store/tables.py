"""Decides what a whole database is, for whoever copies one: every table, with its key and how its values look.

It has never heard of how rows are read or written; a test holds this against the schema of each kind of database.
"""

from typing import Any, Final, NamedTuple, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""Values in the order of a table's columns: text, whole numbers, booleans, bytes, lists of words, or None."""
Key: TypeAlias = tuple[Any, ...]


class Table(NamedTuple):
    """A table; `key` is its primary key, by which both kinds of database sort alike, `rest` its other columns."""

    name: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    flags: frozenset[str] = frozenset()
    binary: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    counted: bool = False
    """Its key is a number that the database draws by itself."""

    @property
    def columns(self) -> tuple[str, ...]:
        """In the order of a row's values: the key comes first."""
        return self.key + self.rest

    def key_of(self, row: Row) -> Key:
        """The part of the row that nothing else in the table has."""
        return row[: len(self.key)]


SETTINGS: Final = Table("settings", ("name",), ("value",))
MARK: Final = "copy_"
"""How the names of those settings begin that tell of copies; they belong to one database and are never copied."""
_STATES: Final = (
    "deferred",
    "waiting",
    "sending",
    "sent",
    "delivered",
    "read",
    "failed",
    "unknown",
    "cancelled",
    "expired",
)

TABLES: Final = (
    Table("accounts", ("id",), ("name",)),
    Table("identifiers", ("account_id", "messenger"), ("identifier",)),
    Table(
        "keys",
        ("number",),
        ("name", "digest", "senders", "created_at", "revoked_at"),
        words=frozenset({"senders"}),
        counted=True,
    ),
    Table(
        "messages",
        ("id",),
        (
            "sender_id",
            "sender_name",
            "created_at",
            "send_at",
            "expires_at",
            "max_attempts",
            "priority",
            "content_key",
            "text",
        ),
    ),
    Table("tallies", ("message_id",), ("sender_id", *_STATES)),
    Table(
        "deliveries",
        ("message_id", "ordinal"),
        (
            "messenger",
            "recipient",
            "account",
            "state",
            "priority",
            "attempts",
            "max_attempts",
            "due_at",
            "lease_until",
            "claimed_at",
            "expires_at",
            "external_id",
            "code",
            "detail",
            "doubt",
            "suspect",
            "content_key",
            "issue",
        ),
        flags=frozenset({"doubt", "suspect"}),
    ),
    Table("attempts", ("message_id", "ordinal", "attempt"), ("started_at", "ended_at", "ending", "code", "detail")),
    Table("receipts", ("message_id", "ordinal", "kind"), ("at", "code", "detail")),
    Table(
        "early_receipts",
        ("number",),
        ("kept_at", "messenger", "kind", "external_id", "at", "reference", "recipient", "code", "detail"),
        counted=True,
    ),
    Table(
        "requests",
        ("key",),
        ("fingerprint", "begun_at", "life", "message_id", "status", "body", "location"),
        binary=frozenset({"body"}),
    ),
    SETTINGS,
)
"""All of them, in the order in which they are copied."""
