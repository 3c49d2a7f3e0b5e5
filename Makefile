# What CONTRIBUTING.md describes; `make check` is all that CI runs.
PYTHON ?= .venv/bin/python

.PHONY: fmt lint type page test check audit install constraints

install:
	test -x $(PYTHON) || python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[test,bench]'

fmt:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

type:
	$(PYTHON) -m mypy

# With Node of this machine, else of a test dependency. Packages come from npm's registry when page/package-lock.json
# has changed; where they cannot, the rest goes on, but not under CI.
page:
	$(PYTHON) hatch_build.py check test build

test:
	$(PYTHON) -m coverage erase
	$(PYTHON) -m coverage run -m pytest
	$(PYTHON) -m coverage report

check: lint type page test

# Known vulnerabilities of what the tests run with. Apart from `check`: it needs the network, and tells of new ones.
audit:
	test -x .venv-audit/bin/pip-audit || ($(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install --quiet pip-audit)
	.venv-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict --progress-spinner off

constraints:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-header --no-annotate --output-file constraints.txt
