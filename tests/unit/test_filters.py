"""What `--where` may be: a condition and nothing beside it, of bounded size."""

import pytest

from quasar_index.errors import AnchorIndexError
from quasar_index.index.filters import MOST_CONDITIONS, MOST_WORDS, check_filter


@pytest.mark.parametrize(
    "where",
    [
        "dataset = 'live' AND score > 3",
        "score BETWEEN 1 AND 3.5 AND (side = 'good' OR NOT quality < 1e-3)",
        "path LIKE '%; DROP TABLE anchors --%'",
        "path = 'it''s /* a name */ (1'",
        "`label id` IS NOT NULL and level in (1, 2, -3)",
        "\"split\" <> 'test'",
        "lower(reference) = 'i01' and regexp_like(path, 'a.*\\.png$') and score % 2 = 0",
        "CASE WHEN score > 3 THEN level ELSE 0 END > 2",
        "größe > 3",
        "cast(split as int) = 1 and split::int != 2 and height * width >= 1000\n",
    ],
)
def test_conditions_pass_in_parentheses(where):
    assert check_filter(where) == f"({where})"


@pytest.mark.parametrize(
    ("where", "why"),
    [
        # Lance drops what follows a whole condition, without a word: an AND that was forgotten would select too much.
        ("score > 3; DROP TABLE anchors", "character ';' at 10"),
        ("score > 3 -- and side = 'good'", "it holds a comment"),
        ("score > 3 /* and */", "it holds a comment"),
        ("score > 3\0 AND side = 'good'", r"character '\\x00' at 10"),
        ("score > 3\u202e", r"character '\\u202e'"),
        ("score > 3) OR (side = 'good'", "closed that was not opened"),
        ("(score > 3", "is not closed"),
        ("path = 'a", 'character "\'" at 8'),
        ("length(repeat(path, 100000000)) > 0", "function 'repeat' is not for filters.*starts_with"),
        ("random() > 0.5", "function 'random'"),
        ("read_csv ('/etc/passwd') IS NOT NULL", "function 'read_csv'"),
        ('"repeat"(path, 3) = path', "is not for filters"),
        ("score > " + "+".join(["1"] * 2000), f"{MOST_WORDS} names and operators"),
        ("score" + " IS NULL" * 1000, f"{MOST_WORDS} names"),
        ("score BETWEEN 0 AND 1" * 100, f"{MOST_WORDS} names"),
        (" AND ".join(["score > 0"] * (MOST_CONDITIONS + 2)), f"{MOST_CONDITIONS} conditions"),
        ("score > 3" + " " * 5_000_000, "more than 4000000 characters"),
    ],
)
def test_more_than_a_condition_is_refused_in_one_short_line(where, why):
    with pytest.raises(AnchorIndexError, match=why) as error:
        check_filter(where)
    assert len(str(error.value)) < 900
    assert str(error.value).isprintable()


def test_long_lists_pass():
    check_filter(f"id IN ({', '.join(repr(f'{number:032x}') for number in range(50_000))})")
    check_filter(f"level IN ({', '.join(str(-number) for number in range(50_000))})")
