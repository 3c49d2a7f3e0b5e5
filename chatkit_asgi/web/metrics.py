"""`GET /metrics`: what goes on in this process, in the format of Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatkit_asgi.streams import KeeperFigures, TurnRunner

__all__ = ["metrics_routes"]


def metrics_routes(runner: TurnRunner) -> list[Route]:
    """The one route. Each app has figures of its own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_TurnCollector(runner))

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})

    return [Route("/metrics", metrics)]


class _TurnCollector(Collector):
    def __init__(self, runner: TurnRunner) -> None:
        self._runner = runner

    def collect(self) -> Iterator[Metric]:
        now = self._runner.figures
        yield GaugeMetricFamily("chatkit_turns_live", "Turns that run in this process.", now.live)
        yield GaugeMetricFamily("chatkit_turns_followed", "Turns of others that are read here.", now.followed)
        yield GaugeMetricFamily("chatkit_readers", "Responses that read a turn.", now.readers)
        yield GaugeMetricFamily(
            "chatkit_log_unwritten_frames", "Frames that the log does not have yet.", now.unwritten
        )
        yield SummaryMetricFamily(
            "chatkit_log_flush_seconds",
            "Transactions that wrote to the log.",
            count_value=now.log.flushes,
            sum_value=now.log.flush_seconds,
        )
        yield CounterMetricFamily("chatkit_log_frames", "Frames written to the log.", now.log.frames)
        yield CounterMetricFamily("chatkit_log_failures", "Writes that failed.", now.log.failures)
        yield from _of_turns(now.log)
        yield CounterMetricFamily(
            "chatkit_leases_lost", "Turns that another process ended.", now.log.leases_lost
        )


def _of_turns(seen: KeeperFigures) -> Iterator[Metric]:
    ended = CounterMetricFamily("chatkit_turns_ended", "Turns that have ended.", labels=["status"])
    for status, count in seen.turns.items():
        ended.add_metric([status], count)
    yield ended
    yield SummaryMetricFamily(
        "chatkit_turn_seconds",
        "From the beginning of turns to their end.",
        count_value=seen.turns.total(),
        sum_value=seen.turn_seconds,
    )
    yield SummaryMetricFamily(
        "chatkit_first_token_seconds",
        "From the beginning of turns to the model's first word.",
        count_value=seen.first_tokens,
        sum_value=seen.first_token_seconds,
    )
    tokens = CounterMetricFamily(
        "chatkit_tokens", "Tokens of models; cached is part of input.", labels=["kind"]
    )
    for kind, count in seen.tokens.items():
        tokens.add_metric([kind], count)
    yield tokens
