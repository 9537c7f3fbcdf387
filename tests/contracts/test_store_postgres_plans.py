"""The statements for PostgreSQL: twins of those for SQLite, and none whose plan history makes slower."""

import asyncio
import json
from importlib.resources import files
from typing import Any, Final

import asyncpg
import pytest

from tests import postgres
from tests.contracts.processes import live
from vestnik.sqlfiles import queries
from vestnik.store.postgres import PostgresStore
from vestnik.store.postgres_line import SETTINGS

PLACES: Final = ("asks", "intake", "lanes", "page", "people")
ONLY_HERE: Final = {
    "page_at_once": "rows that join a page late are not waited for",
    "look": "SQLite needs no locks, so one statement reads for all purposes",
    "said": "a lock forbids to read it with the page",
    "early": "a lock forbids to read it with the page",
    "turn": "it does what several do in SQLite, because each would be a round trip",
    "one_by_one": "in SQLite one thread chooses",
    "lease_keys": "in SQLite every lease is one of keys",
    "next_expiry": "a lock forbids to read it with what expires",
    "count_up": "in SQLite nobody else counts",
}
ONLY_THERE: Final = {
    **dict.fromkeys(
        (
            "update_moved",
            "update_named",
            "update_whole",
            "add_attempts",
            "add_receipts",
            "keep_early",
            "drop_early",
        ),
        "one statement turns a page here, because each would be a round trip",
    ),
    "cancellable": "a cancel answers here what it has moved",
}


@pytest.mark.parametrize("place", PLACES)
def test_twins_have_the_same_statements_in_the_same_order(place: str) -> None:
    store = files("vestnik.store")
    there = [name for name in queries(store / f"sqlite_{place}.sql") if name not in ONLY_THERE]
    assert [name for name in queries(store / f"postgres_{place}.sql") if name not in ONLY_HERE] == there


BIG_TABLES: Final = (
    "messages",
    "tallies",
    "deliveries",
    "attempts",
    "receipts",
    "early_receipts",
    "accounts",
    "requests",
)
_WORK_UNDER_WAY: Final = ("deliveries_sending", "deliveries_leased", "deliveries_mortal")
"""They hold no more than lanes have slots, or are asked for their first entry."""
_SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")
STATEMENTS: Final = {
    (place, name): statement
    for place in PLACES
    for name, statement in queries(files("vestnik.store") / f"postgres_{place}.sql").items()
}


def plans(statements: dict[tuple[str, str], str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Every node of the plan of each statement, the way that the store's own connections plan at the first start."""
    postgres.raze()
    live(_nothing)

    async def explain() -> dict[tuple[str, str], list[dict[str, Any]]]:
        connection = await asyncpg.connect(postgres.url(), server_settings=SETTINGS)
        found = {}
        for key, statement in statements.items():
            count = len((await connection.prepare(statement)).get_parameters())
            await connection.execute(f"PREPARE asked AS {statement}")
            given = f"({', '.join(['NULL'] * count)})" if count else ""
            (told,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) EXECUTE asked{given}")
            found[key] = list(_nodes(json.loads(told)[0]["Plan"]))
            await connection.execute("DEALLOCATE asked")
        await connection.close()
        return found

    return asyncio.run(explain())


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


async def _nothing(_store: PostgresStore) -> None:
    """Opening it has made the tables."""


def test_no_statement_reads_a_big_table_from_end_to_end() -> None:
    """Even where a table is empty or a statistic is missing, the plan is one that history does not make slower."""
    scans = [
        f"{place} {name}: {node['Relation Name']} by {node.get('Index Name')}"
        for (place, name), nodes in plans(STATEMENTS).items()
        for node in nodes
        if node["Node Type"] in _SCANS and node.get("Relation Name") in BIG_TABLES and "Index Cond" not in node
        if node.get("Index Name") not in _WORK_UNDER_WAY
    ]
    assert scans == [], "\n".join(scans)


def test_work_is_found_by_its_index_and_what_is_due_is_never_sorted() -> None:
    wanted = {
        ("lanes", "due"): {"deliveries_waiting", "deliveries_deferred"},
        ("lanes", "due_alone"): {"deliveries_waiting", "deliveries_sending"},
        ("lanes", "ripe"): {"deliveries_deferred"},
        ("lanes", "lease"): {"deliveries_waiting", "deliveries_pkey"},
        ("lanes", "orphans"): {"deliveries_leased"},
        ("lanes", "expiring"): {"deliveries_mortal"},
        ("page", "page"): {"deliveries_pkey"},
        ("page", "keys_about"): {"deliveries_pkey", "deliveries_external", "deliveries_doubtful"},
        ("page", "keys_being_sent_to"): {"deliveries_sending"},
        ("page", "early"): {"early_receipts_reference", "early_receipts_recipient", "early_receipts_once"},
        ("page", "turn"): {"deliveries_pkey", "tallies_pkey", "early_receipts_pkey"},
        ("intake", "left_out"): {"deliveries_slot"},
        ("intake", "release_slots"): {"deliveries_slot"},
    }
    for key, nodes in plans({key: STATEMENTS[key] for key in wanted}).items():
        used = {node.get("Index Name") for node in nodes}
        assert wanted[key] <= used, key
        if key[1] in ("due", "orphans", "expiring"):
            assert "Sort" not in {node["Node Type"] for node in nodes}, key
