"""Messages of one line, whatever another library's error says."""

import pytest

from quasar_index.errors import QuasarError, first_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (EOFError(), "EOFError"),
        (ValueError("\n a\nb"), "a"),
        (OSError("x" * 300), "x" * 160),
        (ValueError("  "), "ValueError"),
    ],
)
def test_first_line(error: Exception, line: str) -> None:
    assert first_line(error) == line


def test_an_error_is_cause_then_mend() -> None:
    assert str(QuasarError("no index", "build it")) == "no index; build it"
    assert str(QuasarError("no index")) == "no index"
