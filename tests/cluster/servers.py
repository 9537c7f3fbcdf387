"""Decides on which servers the cluster under test stands: a PostgreSQL and a RabbitMQ of its own.

It has never heard of Vestnik. Those that others use on this machine are never touched.
"""

from dataclasses import dataclass

import pytest

from tests import postgres, rabbitmq
from tests.servers import postgres as own_postgres
from tests.servers import rabbitmq as own_rabbitmq
from tests.servers.namespace import Namespace
from tests.servers.postgres import OwnPostgres
from tests.servers.rabbitmq import OwnRabbitMQ


@dataclass(frozen=True, slots=True)
class Servers:
    """Both run; `elsewhere` is a network of its own from which they are reached too, None where there can be none."""

    postgres: OwnPostgres
    rabbitmq: OwnRabbitMQ
    elsewhere: Namespace | None

    def make_database(self, name: str) -> str:
        """An empty database; its name."""
        postgres.ask(
            self.postgres.url(),
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0",
        )
        return name


def own_servers() -> Servers:
    """New ones, which end with the tests; skips the test where the programs are not here."""
    if not own_postgres.can_be_started():
        pytest.skip(postgres.HOW)
    if not own_rabbitmq.can_be_started():
        pytest.skip(rabbitmq.HOW)
    try:
        elsewhere = Namespace()
    except OSError:
        elsewhere = None
    address, near = (elsewhere.servers, elsewhere.near) if elsewhere else (None, None)
    broker = OwnRabbitMQ("vestnik", address)
    broker.launch()
    database = OwnPostgres(address, near)
    database.start()
    broker.wait()
    return Servers(database, broker, elsewhere)
