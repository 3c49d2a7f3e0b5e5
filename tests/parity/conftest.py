"""Failed comparisons show what differs, though they are not made in a test module."""

import pytest

pytest.register_assert_rewrite("tests.parity.compare")
