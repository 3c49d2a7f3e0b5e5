"""`interface.json` says what tests every name of the published interface: the compiler checks its names."""

import ast
import json
from itertools import chain
from pathlib import Path

FOLDER = Path(__file__).parent
TABLE = json.loads((FOLDER / "interface.json").read_text())


def names_in(name: str) -> set[str]:
    functions = ast.parse((FOLDER / name).read_text()).body
    return {f"{name}::{each.name}" for each in functions if isinstance(each, ast.FunctionDef)}


def test_every_test_that_the_table_names_exists() -> None:
    named = set(chain.from_iterable(tests for part in TABLE.values() for tests in part.values()))
    files = {name.split("::")[0] for name in named}
    assert named - set(chain.from_iterable(map(names_in, files))) == set()


def test_everything_in_the_table_is_tested() -> None:
    untested = [name for part in TABLE.values() for name, tests in part.items() if not tests]
    assert untested == []
