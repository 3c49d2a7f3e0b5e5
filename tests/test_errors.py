"""The exceptions: what else they are, for code that catches the built-in ones, and what they carry."""

import pytest

from chatkit_asgi.errors import (
    ConflictError,
    CustomStreamError,
    ErrorCode,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
    StreamError,
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(InvalidRequestError, ValueError), (ConflictError, ValueError), (NotSupportedError, RuntimeError)],
)
def test_refusals_are_also_the_built_in_errors_that_applications_catch(
    error: type[Exception], kind: type[Exception]
) -> None:
    assert issubclass(error, kind)


def test_what_is_not_found_is_no_built_in_error() -> None:
    assert not issubclass(NotFoundError, ValueError | LookupError | OSError)


def test_error_code_is_a_string() -> None:
    assert [*ErrorCode] == ["stream.error"]
    assert isinstance(ErrorCode.STREAM_ERROR, str)


def test_stream_error_may_be_tried_again_unless_told_otherwise() -> None:
    error = StreamError(ErrorCode.STREAM_ERROR)
    assert (error.code, error.status_code, error.allow_retry) == (ErrorCode.STREAM_ERROR, 500, True)
    assert StreamError(ErrorCode.STREAM_ERROR, allow_retry=False).allow_retry is False


def test_stream_error_of_an_unknown_code_may_not() -> None:
    error = StreamError("quota.exceeded")  # type: ignore[arg-type]  # a newer application's
    assert (error.code, error.status_code, error.allow_retry) == ("quota.exceeded", 500, False)
    assert StreamError("x", allow_retry=True).allow_retry is True  # type: ignore[arg-type]  # the same


def test_error_of_the_application_says_its_message() -> None:
    error = CustomStreamError("Sold out.")
    assert (error.message, str(error), error.allow_retry) == ("Sold out.", "Sold out.", False)
