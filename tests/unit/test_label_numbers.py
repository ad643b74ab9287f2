"""Numbers in label files: decimal commas, separators of thousands, missing ones, and what is no number."""

import math

import pytest

from quasar_index.datasets import load_source
from quasar_index.datasets.label_numbers import NumberForm, is_missing, read_numbers
from quasar_index.errors import DataError

SEMICOLONS = NumberForm(commas=True)


def read(cells, form=SEMICOLONS):
    """Return the numbers of cells (None where there is none) and the options that are proposed."""
    column = read_numbers(cells, form)
    numbers = [None if math.isnan(value) else value for value in column.values.tolist()]
    return numbers, [style.option for style in column.readings]


@pytest.mark.parametrize(
    ("cells", "form", "numbers"),
    [
        (["1.5", "-2", "+3", "1e3", ".5", "4."], NumberForm(), [1.5, -2, 3, 1000, 0.5, 4]),
        (["3,5", "2"], SEMICOLONS, [3.5, 2]),
        (["3,5", "2,125"], SEMICOLONS, [3.5, 2.125]),  # one column is written one way, and 3,5 is no 35
        (["0,123", "0,250"], SEMICOLONS, [0.123, 0.25]),
        (["1234,567"], SEMICOLONS, [1234.567]),
        (["1,050", "950"], NumberForm(decimal=","), [1.05, 950]),
        (["1,050", "950"], NumberForm(thousands=","), [1050, 950]),
        (["1,050", "2,5"], NumberForm(thousands="", commas=True), [1.05, 2.5]),
        (["1.050,5", "1,5"], NumberForm(decimal=",", thousands="."), [1050.5, 1.5]),
        (["1.050", "950"], NumberForm(thousands="."), [1050, 950]),
        (["1 050,5", "1\u00a0234", "1\u202f000"], NumberForm(thousands=" "), [1050.5, 1234, 1000]),
        (["1'050.5", "1’234"], NumberForm(thousands="'"), [1050.5, 1234]),  # noqa: RUF001
        (["\u22123,5", "１２"], SEMICOLONS, [-3.5, 12]),  # noqa: RUF001
        (["4", "3.125", "100"], NumberForm(), [4, 3.125, 100]),  # eighths, of a scale up to 100
        ([1, 2.5, "3,5"], SEMICOLONS, [1, 2.5, 3.5]),
    ],
)
def test_numbers_that_are_clear(cells, form, numbers):
    assert read(cells, form) == (numbers, [])


@pytest.mark.parametrize(
    ("cells", "form", "options"),
    [
        (["950", "1,050", "870"], SEMICOLONS, ["decimal=,", "thousands=,"]),
        (["1,050", "2,500"], NumberForm(), ["decimal=,", "thousands=,"]),
        (["950", "1.050", "870"], SEMICOLONS, ["decimal=.", "decimal=,&thousands=."]),
        (["1,5", "2"], NumberForm(), ["decimal=,"]),
        (["12,34"], NumberForm(), ["decimal=,"]),
        (["1,234,567", "1,050"], SEMICOLONS, ["thousands=,"]),
        (["1,234.5", "2"], SEMICOLONS, ["thousands=,"]),
        (["1.050,5", "2"], SEMICOLONS, ["decimal=,&thousands=."]),
        (["1.234.567", "2"], SEMICOLONS, ["decimal=,&thousands=."]),
        (["1\u00a0050", "950"], SEMICOLONS, ["thousands=space"]),
        (["1'050", "3,5"], SEMICOLONS, ["decimal=,&thousands=apostrophe"]),
        (["1.050", "2"], NumberForm(decimal=","), ["decimal=,&thousands=."]),
        (["1,050", "2"], NumberForm(decimal="."), ["thousands=,"]),
    ],
)
def test_numbers_that_an_option_must_decide(cells, form, options):
    assert read(cells, form)[1] == options
    first = dict(option.split("=") for option in options[0].split("&"))
    marks = {"space": " ", "apostrophe": "'"}
    told = NumberForm(first.get("decimal"), marks.get(first.get("thousands"), first.get("thousands")))
    numbers, further = read(cells, told)
    assert None not in numbers
    assert not further


@pytest.mark.parametrize(
    "cell", ["abc", "1_000", "85%", "€3", "inf", "1e400", "12,34,567", "(5)", "3/5", True, [1], 1j]
)
@pytest.mark.parametrize("form", [NumberForm(), SEMICOLONS, NumberForm(","), NumberForm(thousands=",")])
def test_what_is_no_number(cell, form):
    column = read_numbers([cell, "3"], form)
    assert (column.wrong, column.readings) == ([0], ())
    assert column.values[1] == 3


def test_groups_have_three_digits():
    assert read_numbers(["1,05", "3"], NumberForm(thousands=",")).wrong == [0]
    assert read_numbers(["0,123"], NumberForm(thousands=",")).wrong == [0]


def test_a_column_written_in_two_ways_is_no_guess():
    column = read_numbers(["3,5", "2.5", "4"], SEMICOLONS)
    assert (column.doubtful, column.readings) == ((0,), ())


@pytest.mark.parametrize(
    "cell", [None, "", "  ", float("nan"), "NaN", "NA", "n/a", "#N/A", "null", "None", "-", "—", "<NA>", "\u00a0"]
)
def test_words_for_a_missing_number(cell):
    assert is_missing(cell)
    assert read_numbers([cell, 1], NumberForm()).missing == [0]


@pytest.mark.parametrize("cell", ["0", 0, 0.0, "-1", "nano", "no", False])
def test_what_is_not_missing(cell):
    assert not is_missing(cell)


def labels(tmp_path, text, name="l.csv", encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return str(tmp_path / name)


def scores(spec, **columns):
    return load_source(spec, **columns).records["score"].to_pylist()


def test_commas_that_may_separate_thousands_name_both_readings_and_options(tmp_path):
    path = labels(tmp_path, "image;votes\na;950\nb;1,050\nc;870\nd;1,200\n")
    message = (
        r"2 numbers in 'votes' can be read in several ways: '1,050' as 1.05 or 1050 \(lines 3 and 5\); "
        r"\?decimal=, for 1.05 or \?thousands=, for 1050"
    )
    with pytest.raises(DataError, match=message):
        load_source(path, score_column="votes")
    assert scores(f"{path}?decimal=,", score_column="votes") == [950, 1.05, 870, 1.2]
    assert scores(f"{path}?thousands=,", score_column="votes") == [950, 1050, 870, 1200]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.tsv", "image\tscore\tx\ty\na\t1,5\t0,5\t3,25\nb\t2\t\t1\n"),
        ("l.csv", 'image,score,x,y\na,"1,5","0,5","3,25"\nb,2,,1\n'),
        ("l.csv", "image;score;x;y\na;1,5;0,5;3,25\nb;2;;1\n"),
        ("l.txt", "image|score|x|y\na|1,5|0,5|3,25\nb|2||1\n"),
    ],
)
def test_decimal_commas_by_option_in_every_numeric_column(tmp_path, name, text, encoding):
    path = labels(tmp_path, text, name, encoding)
    source = load_source(f"{path}?decimal=,&ratings=y")
    assert source.records.select(["score", "x", "y"]).to_pydict() == {
        "score": [1.5, 2.0],
        "x": [0.5, None],
        "y": [3.25, 1.0],
    }


def test_decimal_commas_unasked_only_between_semicolons(tmp_path):
    with pytest.raises(DataError, match=r"line 2: score '1,5' .*\?decimal=, reads it as 1.5"):
        load_source(labels(tmp_path, "image\tscore\na\t1,5\nb\t2\n", "l.tsv"))
    source = load_source(labels(tmp_path, "image;score;x\na;1,5;2,25\nb;2;3\n"))
    assert source.records["x"].to_pylist() == [2.25, 3.0]  # the file has one decimal mark
    assert source.warnings == ("l.csv: decimal commas in 'score' were read as decimal points",)


def test_travelling_columns_keep_names_and_words(tmp_path):
    path = labels(tmp_path, "image;score;code;tags;year;note\na;1,5;007;1,2;2020;-\nb;2;012;x;NA;ok\n")
    record = load_source(path).records.to_pydict()
    assert record["code"] == ["007", "012"]
    assert record["tags"] == ["1,2", "x"]
    assert record["year"] == [2020, None]
    assert record["note"] == ["-", "ok"]


def test_numbers_of_further_columns_that_an_option_must_decide_are_told(tmp_path):
    path = labels(tmp_path, 'image,score,votes,tags\na,1,"1,050","x,y"\nb,2,950,"1,2"\n')
    source = load_source(path)
    assert source.records["votes"].to_pylist() == ["1,050", "950"]
    assert source.warnings == (
        "l.csv: 'votes' is kept as text, as '1,050' is a number by ?decimal=, or ?thousands=, only",
    )
    told = load_source(f"{path}?thousands=,")
    assert (told.records["votes"].to_pylist(), told.warnings) == ([1050, 950], ())
    with pytest.raises(DataError, match=r"score '1\.5' is not a number with a decimal comma"):
        load_source(labels(tmp_path, "image;score\na;1.5\nb;2\n") + "?decimal=,")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("decimal=x", "decimal=x is unknown; one of ,, comma"),
        ("thousands=_", "thousands=_ is unknown"),
        ("decimal=,&thousands=comma", "cannot be both"),
        ("missing=maybe", "missing=maybe is unknown; one of refuse, drop"),
    ],
)
def test_options_that_make_no_sense(tmp_path, options, message):
    with pytest.raises(DataError, match=message):
        load_source(f"{labels(tmp_path, 'image,score' + chr(10) + 'a,1' + chr(10))}?{options}")


def test_signs_are_told_apart_from_words(tmp_path):
    with pytest.raises(DataError, match=r"2 cells in 'score' are not numbers: '85%', '90%' .*without signs"):
        load_source(labels(tmp_path, "image,score\na,85%\nb,90%\n"))


def test_missing_scores_and_names_are_counted_and_dropped_by_option(tmp_path):
    path = labels(tmp_path, "image,score,x\na,1,1\nb,,2\n,3,3\nc,NaN,4\nd,n/a,5\ne,2,6\n")
    with pytest.raises(DataError, match=r"line 4: column 'image' is empty; .*\?missing=drop"):
        load_source(path)
    source = load_source(f"{path}?missing=drop")
    assert source.records["x"].to_pylist() == [1, 6]
    assert source.warnings == (
        "l.csv: 1 row without 'image' was dropped (line 4)",
        "l.csv: 3 rows without 'score' were dropped (lines 3, 5 and 6)",
    )
    unnamed = labels(tmp_path, "image,score\na,1\nb,\nc,NaN\nd,\ne,\nf,\ng,\nh,-\n", "m.csv")
    with pytest.raises(DataError, match=r"7 rows have no score \(lines 3, 4, 5, 6, 7 and 2 more\)"):
        load_source(unnamed)
    with pytest.raises(DataError, match="no row is left"):
        load_source(f"{labels(tmp_path, 'image,score' + chr(10) + 'a,NA' + chr(10), 'n.csv')}?missing=drop")


def test_missing_words_in_further_ratings_are_null(tmp_path):
    source = load_source(labels(tmp_path, "image,score,appeal\na,1,NA\nb,2,3.5\n"), score_column=["score", "appeal"])
    assert source.records["appeal"].to_pylist() == [None, 3.5]


def test_missing_scores_of_pyiqa_are_dropped_by_option(tmp_path):
    path = labels(tmp_path, "name,mos,std\na.png,1,0.1\nb.png,,0.1\nc.png,3,0.1\n", "meta_info_X.csv")
    with pytest.raises(DataError, match=r"line 3: 'mos' is missing; .*\?missing=drop"):
        load_source(f"pyiqa:{path}")
    source = load_source(f"pyiqa:{path}?missing=drop")
    assert source.records["score"].to_pylist() == [1, 3]
    assert "1 row without 'mos' was dropped" in source.warnings[0]
