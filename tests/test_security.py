"""SECURITY.md names the test that shows each of its promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_promise_has_its_test(path: str, test: str) -> None:
    source = (ROOT / path).read_text()
    assert not test or re.search(rf"^(async )?def {test}\(", source, re.MULTILINE)


def test_promises_are_there() -> None:
    assert len(NAMED) > 15
