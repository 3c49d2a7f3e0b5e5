"""The database stores beside statements by hand, and beside a store as the guides show one."""

from benchmarks.store.calls import CALLS, measure_call
from benchmarks.store.index import measure_index
from benchmarks.store.memory import measure_memory
from benchmarks.store.pages import measure_pages
from benchmarks.store.turns import measure_turns

__all__ = ["CALLS", "measure_call", "measure_index", "measure_memory", "measure_pages", "measure_turns"]
