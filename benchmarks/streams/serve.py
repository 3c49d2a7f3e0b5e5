"""`python -m benchmarks.streams.serve NAME`: serves one of the apps, and tells its CPU time when asked."""

import sys

from benchmarks.http.serve import serve
from benchmarks.streams.apps import make_app

if __name__ == "__main__":
    serve(make_app(sys.argv[1]))
