"""The same over HTTP: each candidate in a process of its own, asked by a client that costs it nothing."""

from benchmarks.http.first import NAME, measure_first_events
from benchmarks.http.loads import ROWS, HttpRow, measure_http

__all__ = ["NAME", "ROWS", "HttpRow", "measure_first_events", "measure_http"]
