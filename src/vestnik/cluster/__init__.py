"""The same dispatch on many machines: a relay tells Celery workers over RabbitMQ which deliveries are due.

It has never heard of SQL, HTTP or settings. What the broker loses the relay publishes again, and what it doubles the
store's claim refuses, so nothing here has to be trusted with a message.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """The Celery application, which `celery -A vestnik.cluster` asks for; made from the settings at the first call."""
    if name != "app":
        raise AttributeError(name)
    from vestnik.cluster.door import app  # noqa: PLC0415 - who imports a part of this room reads no settings by that

    return app()
