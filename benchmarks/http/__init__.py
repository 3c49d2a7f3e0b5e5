"""The same over HTTP: each candidate in a process of its own, asked by a client that costs it nothing."""

from benchmarks.http.loads import ROWS, HttpRow, measure_http

__all__ = ["ROWS", "HttpRow", "measure_http"]
