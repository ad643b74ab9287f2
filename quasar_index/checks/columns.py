"""Columns of several label files that come together: of one type, or of types that have a common one?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..datasets.base import AnchorSource
from ..datasets.column_types import clash_in_words, common_types, source_parts
from .report import Finding


def check_columns(sources: Sequence[AnchorSource]) -> Iterator[Finding]:
    """Report columns that have no common type, over which a build of all sources would stop."""
    _, clashes = common_types(source_parts(sources))
    for clash in clashes:
        message, hint = clash_in_words([clash])
        yield Finding("error", "columns", ", ".join(source.name for source in sources), f"{message}; {hint}")
