"""The errors that quasar-index raises on purpose, one tree, each with its exit code.

On the command line such an error is one line on stderr: the cause, then the mend.
"""

from __future__ import annotations


class QuasarError(Exception):
    """An error that the user can mend.

    Args:
        message: What is wrong, in one line.
        hint: What to do about it, in one line; may be empty.

    Attributes:
        exit_code: Exit status of the command that ends with this error.

    Example:
        >>> import quasar_index as qi
        >>> try:
        ...     qi.read_method("meen")
        ... except qi.QuasarError as error:
        ...     print(type(error).__name__, error.exit_code, error, sep=" | ")
        MethodError | 6 | there is no method 'meen'; did you mean 'mean'?
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = _one_line(message)
        self.hint = _one_line(hint)
        super().__init__(f"{self.message}; {self.hint}" if hint else self.message)


class DataError(QuasarError):
    """Images, labels or embeddings that cannot be used (exit code 3)."""

    exit_code = 3


class ImageError(DataError):
    """One image that cannot be decoded or is unfit for the encoder (exit code 3)."""


class AnchorIndexError(QuasarError):
    """An anchor index that is missing, damaged, or of another encoder (exit code 4)."""

    exit_code = 4


class EncoderError(QuasarError):
    """An encoder that is unknown, or whose weights cannot be had or do not fit (exit code 5)."""

    exit_code = 5


class MethodError(QuasarError):
    """A method that does not exist, or whose parameters are out of range or not for these anchors (exit code 6)."""

    exit_code = 6


class ValidationError(QuasarError):
    """A validation that would mean nothing, such as one on constant ratings (exit code 7)."""

    exit_code = 7


def _one_line(text: str) -> str:
    """Escape line ends and control characters, which names and cells in a message may hold."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def reason(error: BaseException) -> str:
    """Return why something could not be read or written: in the system's words where the error is the system's."""
    return getattr(error, "strerror", None) or first_line(error)


def first_line(error: BaseException, most: int = 160) -> str:
    """Return what another library's error says, for a message of one line.

    Args:
        error: The error.
        most: Longest text, in characters.

    Returns:
        The first line of its text, or the name of its type where it has none.
    """
    lines = str(error).strip().splitlines()
    return lines[0][:most] if lines else type(error).__name__


def counted(n: int, one: str, many: str | None = None, *, form: str = "") -> str:
    """Return a count with its noun: `1 image`, `2 images`.

    Args:
        n: The count.
        one: What stands after 1; it may go on to the verb, as `image was left out` does.
        many: What stands after any other count; None for `one` with an s.
        form: How the number is written: "," for thousands apart.
    """
    return f"{n:{form}} {one if n == 1 else many or f'{one}s'}"
