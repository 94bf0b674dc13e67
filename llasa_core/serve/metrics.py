"""What Prometheus is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope

    from llasa_core.serve.answering import Answer

PATHS = ("/v1/chat/completions", "/v1/models", "/v1/files", "/uploads", "/timeline", "/signal", "/health", "/metrics")
"""Told apart; all others are one, so that nobody can make the list longer."""
SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120)
LEFT = "left"
"""The status of a request whose client left before it was answered."""


class Metrics:
    """Counts requests, answers and tokens of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "llasa_requests", "Requests by path and status.", ("path", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "llasa_request_seconds", "Time of whole requests.", ("path",), buckets=SECONDS, registry=self._registry
        )
        self._first = Histogram(
            "llasa_first_token_seconds",
            "From a question to its answer's first token.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter("llasa_tokens", "Tokens read and said.", ("kind",), registry=self._registry)
        self._answers = Counter(
            "llasa_answers", "Answers by what they rest on and how they ended.", ("source", "end"),
            registry=self._registry,
        )  # fmt: skip
        ProcessCollector(registry=self._registry)

    def watch(self, gauges: Gauges) -> None:
        """Ask for numbers of the moment whenever somebody looks."""
        self._registry.register(gauges)

    def saw(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count a request."""
        path = next((known for known in PATHS if scope["path"].startswith(known)), "other")
        self._requests.labels(path, LEFT if status is None else str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def answered(self, answer: Answer, end: str) -> None:
        """Count an answer."""
        usage = answer.usage
        self._tokens.labels("prompt").inc(usage["prompt_tokens"])
        self._tokens.labels("answer").inc(usage["completion_tokens"])
        self._answers.labels("model" if answer.grounded.answer is None else "facts", end).inc()
        if answer.first_s is not None:
            self._first.observe(answer.first_s)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)


class Gauges:
    """Numbers of the moment."""

    def __init__(self, read: Mapping[str, tuple[str, object]]) -> None:
        """Make them.

        Args:
            read: names, each with what it means and a function that returns the number.
        """
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See prometheus_client."""
        for name, (meaning, number) in self._read.items():
            assert callable(number)  # noqa: S101
            yield GaugeMetricFamily(f"llasa_{name}", meaning, value=number())
