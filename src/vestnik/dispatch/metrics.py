"""Decides which numbers of dispatching are counted, and under which names an operator finds them.

It has never heard of where they are shown.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge

from vestnik.domain.delivery import Ending


class LaneMetrics:
    """The numbers of one lane, bound once so that counting costs next to nothing."""

    def __init__(self, metrics: "DispatchMetrics", messenger: str) -> None:
        self._attempts = {ending: metrics.attempts.labels(messenger, ending.value) for ending in Ending}
        self._slow = metrics.slow.labels(messenger)
        self._open = metrics.breaker_open.labels(messenger)

    def attempted(self, ending: Ending) -> None:
        """Counts one attempt by how it ended."""
        self._attempts[ending].inc()

    def handed_over(self) -> None:
        """Counts one attempt that lost its slot because it lasted too long."""
        self._slow.inc()

    def breaker(self, *, is_open: bool) -> None:
        """Shows whether the lane holds back because its messenger is down."""
        self._open.set(is_open)


class DispatchMetrics:
    """The numbers of all lanes, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "vestnik_attempts", "Attempts by how they ended", ("messenger", "ending"), registry=registry
        )
        self.slow = Counter(
            "vestnik_slow_attempts",
            "Attempts that lost their slot by lasting too long",
            ("messenger",),
            registry=registry,
        )
        self.breaker_open = Gauge(
            "vestnik_breaker_open", "1 while the messenger counts as down", ("messenger",), registry=registry
        )

    def lane(self, messenger: str) -> LaneMetrics:
        """The numbers of one messenger's lane."""
        return LaneMetrics(self, messenger)
