"""The list of differences is neither too long nor without reasons."""

from tests.parity import test_agents_differences, test_engine_differences
from tests.parity.differences import DIFFERENCES, SHOWN


def test_every_difference_is_shown_by_a_test() -> None:
    assert test_engine_differences
    assert test_agents_differences
    assert {difference.id for difference in DIFFERENCES} == SHOWN


def test_differences_are_told_apart_and_reasoned() -> None:
    assert len({difference.id for difference in DIFFERENCES}) == len(DIFFERENCES)
    assert all(difference.what.endswith(".") for difference in DIFFERENCES)
    assert all(difference.reason.endswith(".") for difference in DIFFERENCES)
