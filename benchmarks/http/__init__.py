"""The same over HTTP: each candidate in a process of its own, asked by a client that costs it nothing."""

from benchmarks.http.client import Connection, body_of, connect
from benchmarks.http.first import NAME, measure_first_events
from benchmarks.http.loads import ROWS, HttpRow, Server, measure_http, serving

__all__ = [
    "NAME",
    "ROWS",
    "Connection",
    "HttpRow",
    "Server",
    "body_of",
    "connect",
    "measure_first_events",
    "measure_http",
    "serving",
]
