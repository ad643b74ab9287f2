"""What a `where` may be: one condition over the columns of an index, and nothing beside it.

Lance parses as much of a filter as makes sense and drops the rest without a word (`score > 3 score < 0`,
`score > 3; ...`), evaluates functions that fill any memory (`repeat`), and long chains of operators overflow the stack
of its parser, which ends the process. So a filter is read here first, token by token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import AnchorIndexError

MOST_CHARACTERS = 4_000_000
"""Longest filter: some 100,000 ids in a list."""
MOST_CONDITIONS = 5_000
"""Most conditions that AND and OR join."""
MOST_WORDS = 150
"""Most names and operators in one condition. Lance's parser was seen to overflow its stack at 1,000, not at 500."""

FUNCTIONS = frozenset({
    "abs", "array_contains", "array_has", "array_length", "btrim", "cast", "ceil", "char_length", "character_length",
    "coalesce", "contains", "ends_with", "floor", "isnan", "left", "length", "lower", "ltrim", "nullif", "octet_length",
    "position", "power", "regexp_like", "regexp_match", "right", "round", "rtrim", "split_part", "sqrt", "starts_with",
    "strpos", "substr", "substring", "trim", "try_cast", "upper",
})  # fmt: skip
"""Functions that a filter may call: none makes a value much larger than a cell, or differs from call to call."""

_KEYWORDS = frozenset(
    {"all", "and", "any", "between", "case", "else", "exists", "from", "in", "is", "like", "not", "or", "then", "when"}
)
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n]+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>\d[\w.]*)
    |(?P<name>\w+|"(?:[^"]|"")*"|`[^`]*`)
    |(?P<open>\()|(?P<close>\))|(?P<comma>,)
    |(?P<comment>--|/\*)
    |(?P<operator>\|\||::|<=|>=|<>|!=|==|!~\*?|[-+*/%<>=&|^~!.\[\]])""",
    re.VERBOSE,
)


def check_filter(where: str) -> str:
    """Check a filter before Lance sees it.

    Args:
        where: An SQL condition, such as `dataset = 'live' AND score > 3`.

    Returns:
        The condition in parentheses, so that Lance has to read all of it.

    Raises:
        AnchorIndexError: When it is not one condition, calls a function that filters have no use for, or is too long.
    """
    words = [0]  # of the current condition, for each open parenthesis
    n_conditions, name, between = 0, "", False
    for kind, text in _tokens(where):
        if kind == "open":
            if name and name not in FUNCTIONS | _KEYWORDS:
                known = f"functions: {', '.join(sorted(FUNCTIONS))}"
                raise _refuse(where, f"function '{name}' is not for filters", known)
            words.append(0)
        elif kind == "close":
            words.pop()
            if not words:
                raise _refuse(where, "a parenthesis is closed that was not opened")
        elif kind == "comma":
            words[-1] = 0
        elif text in ("and", "or") and not between:
            n_conditions, words[-1] = n_conditions + 1, 0
        elif kind in ("name", "operator"):
            words[-1] += 1
        # the AND of BETWEEN joins no conditions
        between = (between or text == "between") and text != "and"
        name = text if kind == "name" else ""
        if words[-1] > MOST_WORDS or n_conditions > MOST_CONDITIONS:
            most = f"{MOST_CONDITIONS} conditions of {MOST_WORDS} names and operators"
            raise _refuse(where, f"it is longer than {most}", "list values by IN (...)")
    if len(words) > 1:
        raise _refuse(where, "a parenthesis is not closed")
    return f"({where})"


def _tokens(where: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the lower-case text of each token."""
    if len(where) > MOST_CHARACTERS:
        raise _refuse(where, f"it has more than {MOST_CHARACTERS} characters")
    place = 0
    while place < len(where):
        token = _TOKEN.match(where, place)
        if token is None:
            raise _refuse(where, f"character {where[place]!r} at {place + 1} does not belong there")
        place = token.end()
        if token.lastgroup == "comment":
            raise _refuse(where, "it holds a comment")
        if token.lastgroup is not None and token.lastgroup != "blank":
            yield token.lastgroup, token.group().lower()


def shown(where: str) -> str:
    """Return a filter for a message: quoted, control characters escaped, cut where it is long."""
    return repr(where if len(where) <= 120 else f"{where[:100]}...")


def _refuse(
    where: str, why: str, hint: str = "give one condition, such as dataset = 'live' AND score > 3"
) -> AnchorIndexError:
    return AnchorIndexError(f"filter {shown(where)} cannot be used ({why})", hint)
