"""Counts agree with their nouns: said by `counted`, nowhere by hand."""

import ast
import re
from pathlib import Path

import pytest

import quasar_index as qi
from quasar_index.errors import counted

ROOT = Path(qi.__file__).parents[1]
NOUNS = (
    "anchors|images|embeddings|groups|resamples|labels|rows|ids|names|evaluations|ratings|scores|pairs|folds|files|"
    "paths|duplicates|findings|warnings|experiments|samples"
)
AFTER_COUNT = re.compile(rf"^ (?:[a-z]+ )?(?:{NOUNS})\b")
COUNT = re.compile(r"^(?:int|len|sum)\(|\bn_[a-z]+$|^n$")
ALWAYS_SEVERAL = {"{len(anchors)} anchors", "{len(projection)} points", "{n} anchors"}
"""Counts that are above one wherever they are said."""


def test_counted() -> None:
    assert counted(1, "image") == "1 image"
    assert counted(0, "image") == "0 images"
    assert counted(2, "query", "queries") == "2 queries"
    assert counted(1, "image was", "images were") == "1 image was"
    assert counted(12_345, "anchor", form=",") == "12,345 anchors"


def _by_hand(file: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for value, text in zip(node.values, node.values[1:], strict=False):
                if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                    noun = AFTER_COUNT.match(str(text.value))
                    if noun and COUNT.search(expression := ast.unparse(value.value)):
                        found.append(f"{{{expression}}}{noun[0]}")
    return found


FILES = [file for folder in ("quasar_index", "cli") for file in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_count_is_followed_by_a_plural_as_it_stands(file: Path) -> None:
    assert not set(_by_hand(file)) - ALWAYS_SEVERAL
