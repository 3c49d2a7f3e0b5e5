"""`python -m benchmarks [words…] [--rounds 5]`: the rows with one of the words in their name, or all."""

import argparse
import warnings
from collections.abc import Callable, Iterable, Iterator

from benchmarks import agents, files, http, imports, operations, runs, store, streams, turns, widgets
from benchmarks.candidates import OURS, PUBLISHED_PLUS
from benchmarks.measure import Result, measure

__all__ = ["main"]

HEAD = f"{'what':56} {'ours':>10} {'other':>10} {'':4} {'ratio':>7} {'vs SDK+':>8} {'vs bare':>8}   target"


def main() -> None:
    """Measure and print, a line as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="words of the rows to run")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # named widget classes are deprecated in both packages
    print(HEAD)
    for name, run in _rows():
        if not options.names or any(word in name for word in options.names):
            for result in run(options.rounds):
                print(line(result), flush=True)


def _rows() -> Iterator[tuple[str, Callable[[int], Iterable[Result]]]]:
    for row in (*turns.ROWS, *operations.ROWS, *runs.ROWS, *widgets.ROWS):
        yield row.name, lambda rounds, row=row: [measure(row, rounds)]  # type: ignore[misc]
    yield "import of .server", imports.measure_imports
    for each in http.ROWS:
        yield each.name, lambda rounds, row=each: [http.measure_http(row, rounds)]  # type: ignore[misc]
    yield http.NAME, lambda rounds: [http.measure_first_events(rounds)]
    for call in store.CALLS:
        yield call.name, lambda rounds, call=call: [store.measure_call(call, rounds)]  # type: ignore[misc]
    yield "store: turn", store.measure_turns
    yield "store: index of words", store.measure_index
    yield "store: slowest page", store.measure_pages
    yield "store: memory", store.measure_memory
    yield "agents: delta", agents.measure_overhead
    yield "agents: turn", agents.measure_long_threads
    yield "streams: events", streams.measure_events
    yield "streams: delay, CPU", streams.measure_delays
    yield "streams: statements", streams.measure_way
    yield "streams: transactions", streams.measure_transactions
    yield "streams: memory, idle", streams.measure_idle
    yield "files: upload, memory", files.measure_uploads
    yield "files: download", files.measure_downloads


def line(result: Result) -> str:
    """One row: what one event (request, call) takes here and elsewhere, and how much more the others take.

    Elsewhere is the published package, if nothing else is said: CPU time, but for stores, and for events of
    streams, time on the clock.
    """
    ratios = [result.ratio(name) for name in (result.beside, PUBLISHED_PLUS.name, "bare")]
    other = f"{result.cost(result.beside):.4g}" if result.beside in result.samples else ""
    figures = [f"{ratio:.3g}×" if ratio else "" for ratio in ratios]
    misses = ", ".join(result.misses())
    return (
        f"{result.name:56} {result.cost(OURS.name):10.4g} {other:>10} "
        f"{result.unit:4} {figures[0]:>7} {figures[1]:>8} {figures[2]:>8}   {result.target}"
        + (f"   MISSED: {misses}" if misses else "")
    )


if __name__ == "__main__":
    main()
