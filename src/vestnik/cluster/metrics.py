"""Decides which numbers of relay and workers are counted, and under which names an operator finds them.

It has never heard of where they are shown.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class WorkerMetrics:
    """A worker's own numbers beside those of its lanes, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._held = Gauge(
            "vestnik_worker_leases", "Deliveries that this worker holds", ("messenger",), registry=registry
        )
        self._tasks = Gauge("vestnik_worker_offered", "Ids of tasks that wait for room", registry=registry)

    def held(self, messenger: str, count: Callable[[], int]) -> None:
        """How many are held is asked when somebody wants to know."""
        self._held.labels(messenger).set_function(count)

    def offered(self, count: Callable[[], int]) -> None:
        """The same for what has come in tasks and is not claimed."""
        self._tasks.set_function(count)


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

        self._lag = Gauge(
            "vestnik_relay_lag_seconds",
            "How long ago everything that was due had been published",
            ("messenger", "suspects"),
            registry=registry,
        )
        self._queued = Gauge(
            "vestnik_queue_tasks", "Tasks that wait in the broker's queue", ("messenger", "suspects"), registry=registry
        )
        self._oldest = Gauge(
            "vestnik_oldest_due_seconds",
            "How long the oldest delivery that nobody has taken has been due",
            ("messenger",),
            registry=registry,
        )
        self._leases = Gauge(
            "vestnik_leases", "Deliveries being sent, by all workers", ("messenger",), registry=registry
        )

    def known(self, messenger: str) -> None:
        """Counts of the messenger begin with 0, and not with the first that there is to count."""
        self.published(messenger, 0)
        self.repeated(messenger, 0)

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
        self._out.labels(messenger, _word(suspects)).set(out)

    def stands(self, messenger: str, *, oldest_due: float, leases: int) -> None:
        """Shows how a messenger's work stands in the database; `oldest_due` is seconds."""
        self._oldest.labels(messenger).set(oldest_due)
        self._leases.labels(messenger).set(leases)

    def queued(self, messenger: str, tasks: int, lag: float, *, suspects: bool) -> None:
        """Shows how much waits in the broker, and how far the relay lags behind what is due, in seconds."""
        self._queued.labels(messenger, _word(suspects)).set(tasks)
        self._lag.labels(messenger, _word(suspects)).set(lag)

    def stood_down(self) -> None:
        """A relay that stands by has no numbers of its own of these."""
        for gauge in (self._out, self._lag, self._queued, self._oldest, self._leases):
            gauge.clear()


def _word(yes: bool) -> str:
    return "yes" if yes else "no"
