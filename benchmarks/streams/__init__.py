"""What the turn log costs: our app with it, the same app without one, and the published package.

Without a log, a turn runs inside its request and what it says goes straight to the client. That is measured
in two ways: frames that are made without waiting go out together, as ours do, or each in a write of its own.
"""

from benchmarks.streams.delay import measure_delays
from benchmarks.streams.events import measure_events
from benchmarks.streams.idle import measure_idle
from benchmarks.streams.transactions import measure_transactions, measure_way

__all__ = ["measure_delays", "measure_events", "measure_idle", "measure_transactions", "measure_way"]
