"""Decides which numbers of the relay are counted, and under which names an operator finds them.

It has never heard of where they are shown.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge


class RelayMetrics:
    """The relay's numbers, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._leads = Gauge("vestnik_relay_leads", "1 while this relay is the active one", registry=registry)
        self._published = Counter(
            "vestnik_relay_published", "Ids that the broker confirmed", ("messenger",), registry=registry
        )
        self._repeated = Counter(
            "vestnik_relay_repeated", "Ids published again because nobody took them", ("messenger",), registry=registry
        )
        self._out = Gauge(
            "vestnik_relay_out",
            "Ids published and not taken at the last look",
            ("messenger", "suspects"),
            registry=registry,
        )

    def leads(self, yes: bool) -> None:
        """Whether this relay is the active one."""
        self._leads.set(yes)

    def published(self, messenger: str, count: int) -> None:
        """Counts ids that were handed to the broker."""
        self._published.labels(messenger).inc(count)

    def repeated(self, messenger: str, count: int) -> None:
        """Counts ids that have to be published again."""
        self._repeated.labels(messenger).inc(count)

    def looked(self, messenger: str, out: int, *, suspects: bool) -> None:
        """Shows how much is out after a look."""
        self._out.labels(messenger, "yes" if suspects else "no").set(out)
