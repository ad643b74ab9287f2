"""Ratings of single people: columns side by side or rows below one another, and who of them disagrees with the rest."""

import numpy as np
import pytest
from scipy.stats import kurtosis

import quasar_index as qi
from quasar_index.checks.raters import check_raters
from quasar_index.errors import DataError
from quasar_index.statistics.screening import agreement, screen

RNG = np.random.default_rng(3)


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def ratings(n_images, n_raters, *, noise=0.6):
    """Return (n, J) ratings from 1 to 5 of one opinion, each with noise."""
    truth = RNG.normal(3, 1, n_images)
    return np.clip(np.round(truth[:, None] + RNG.normal(0, noise, (n_images, n_raters))), 1, 5)


def wide(path, values, names):
    rows = [f"{i}.png," + ",".join("" if np.isnan(one) else f"{one:g}" for one in row) for i, row in enumerate(values)]
    return write(path, "image," + ",".join(names), *rows)


def long(path, values, names):
    rows = [f"{i}.png,{name},{values[i, j]:g}" for i in range(len(values)) for j, name in enumerate(names)]
    return write(path, "image,rater,score", *rows)


@pytest.mark.parametrize(
    ("header", "option"),
    [
        ("r1,r2,r3", ""),
        ("rater_1,rater_2,rater_3", ""),
        ("Observer 1,Observer 2,Observer 3", ""),
        ("S01,S02,S24", ""),
        ("score_1,score_2,score_3", ""),
        ("Rater A,Rater B,Rater C", ""),
        ("rater1_score,rater2_score,rater3_score", ""),
        ("anna,ben,carl", "?raters=anna,ben,carl"),
        ("v_a,v_b,v_c", "?raters=v_*"),
        ("V_a,V_b,V_c", "?raters=v_*"),
    ],
)
def test_raters_side_by_side_are_averaged(tmp_path, header, option):
    spec = write(tmp_path / "wide.csv", f"image,{header},prompt", "a.png,1,2,6,x", "b.png,4,,5,y", "c.png,nan,2,,z")
    source = qi.load_source(spec + option)
    records = source.records
    assert records["score"].to_pylist() == [3, 4.5, 2]
    assert records["score_n"].to_pylist() == [3, 2, 1]
    assert records["score_std"].to_pylist() == [pytest.approx(7**0.5), pytest.approx(0.5**0.5), None]
    assert records.column_names[-3:] == ["prompt", "score_std", "score_n"]
    assert len(source.single_ratings) == 6
    assert bool(source.warnings) == (not option)  # said where it was found by the names


@pytest.mark.parametrize(
    ("header", "option", "message"),
    [
        ("anna,ben,carl", "", "?raters=anna,ben,carl"),
        ("c1,c2,c3", "", "?raters=c1,c2,c3"),  # of KonIQ: counts, not ratings
        ("r1,r2,r3", "?raters=x*", "no column 'x.' of a rater"),
        ("r1,r2,r3", "?raters=r1,r9", "no column 'r9' of a rater"),
        ("r1,r2,r3", "?score=r1&raters=r2,r3", "both a score column and columns of raters"),
        ("r1,r2,r3", "?drop_raters=r7", "no rater 'r7' to drop; its raters: 'r1', 'r2', 'r3'"),
        ("r1,r2,r3", "?drop_raters=r1,r2,r3", "all raters are to be dropped"),
        ("r1,r2,r3", "?range=1,5", "line 2: rating of 'r3' 6 is outside 1 to 5"),
        ("r1,r2,mos", "?drop_raters=r1", "no rater 'r1' to drop; its raters: none"),
    ],
)
def test_what_cannot_be_raters_is_refused_or_proposed(tmp_path, header, option, message):
    with pytest.raises(DataError) as caught:
        qi.load_source(write(tmp_path / "wide.csv", f"image,{header}", "a.png,1,2,6", "b.png,4,3,5") + option)
    assert message.replace("x.", "x*") in f"{caught.value.message}; {caught.value.hint}"


def test_a_column_of_means_beside_raters_is_the_score(tmp_path):
    spec = write(tmp_path / "wide.csv", "image,mos,r1,r2,r3", "a.png,9,1,2,3", "b.png,8,1,2,3")
    source = qi.load_source(spec)
    assert (source.rating, source.records["score"].to_pylist()) == ("mos", [9, 8])
    assert source.records["r3"].to_pylist() == [3, 3]
    assert qi.load_source(f"{spec}?raters=r*").records["score"].to_pylist() == [2, 2]
    # The raters are checked all the same, and those who are dropped leave no mean that they are part of.
    assert source.single_ratings["rater"].unique().to_pylist() == ["r1", "r2", "r3"]
    without = qi.load_source(f"{spec}?drop_raters=r3")
    assert (without.rating, without.records["score"].to_pylist()) == ("score", [1.5, 1.5])


def test_a_typing_error_among_ratings_is_an_error_with_its_line(tmp_path):
    spec = write(tmp_path / "wide.csv", "image,r1,r2,r3", "a.png,1,2,3", "b.png,1,2,x", "c.png,3,2,1")
    with pytest.raises(DataError, match=r"line 3: .*'r3' 'x' is not a number"):
        qi.load_source(spec)


@pytest.mark.parametrize("form", [wide, long])
def test_dropped_raters_leave_no_trace(tmp_path, form):
    values = ratings(8, 4)
    values[:, 3] += 2
    spec = form(tmp_path / "all.csv", values, ["r1", "r2", "r3", "r4"])
    rest = form(tmp_path / "rest.csv", values[:, :3], ["r1", "r2", "r3"])
    one, other = qi.load_source(f"{spec}?drop_raters=r4&name=x"), qi.load_source(f"{rest}?name=x")
    assert one.records.equals(other.records)
    assert one.single_ratings.equals(other.single_ratings)


@pytest.mark.parametrize("form", [wide, long])
def test_a_rater_who_answers_upside_down_is_named(tmp_path, form):
    values = ratings(20, 3)
    values[:, 2] = 6 - values[:, 2]
    names = ["r1", "r2", "r3"]
    (finding,) = check_raters(qi.load_source(form(tmp_path / "a.csv", values, names)))
    assert finding.severity == "warning"
    assert finding.message.startswith("1 of 3 raters answers upside down")
    assert finding.message.endswith("?drop_raters=r3")
    assert finding.examples[0].startswith("r3: r -")
    (sound,) = check_raters(qi.load_source(form(tmp_path / "b.csv", values, names) + "?drop_raters=r3"))
    assert sound.severity == "ok"


def test_random_and_constant_raters_are_named_and_sound_ones_are_not(tmp_path):
    values = ratings(60, 12)
    names = [f"S{j:02d}" for j in range(12)]
    (sound,) = check_raters(qi.load_source(wide(tmp_path / "sound.csv", values, names)))
    assert sound.severity == "ok"
    values[:, 4], values[:, 7] = RNG.integers(1, 6, 60), 3
    found = list(check_raters(qi.load_source(wide(tmp_path / "bad.csv", values, names))))
    assert any("hardly agrees" in one.message and one.message.endswith("=S04") for one in found)
    assert any("always answers the same" in one.message and one.message.endswith("=S07") for one in found)
    assert all(one.severity == "warning" for one in found)


def test_two_raters_who_contradict_each_other(tmp_path):
    values = ratings(20, 2)
    values[:, 1] = 6 - values[:, 1]
    (finding,) = check_raters(qi.load_source(wide(tmp_path / "a.csv", values, ["rater1", "rater2"])))
    assert "rater1 and rater2 contradict each other" in finding.message


def test_few_ratings_say_nothing(tmp_path):
    values = ratings(4, 3)
    values[:, 2] = 6 - values[:, 2]
    assert list(check_raters(qi.load_source(wide(tmp_path / "a.csv", values, ["r1", "r2", "r3"])))) == []


def test_the_figures_are_those_of_the_formulas():
    values = ratings(40, 9)
    values[RNG.random(values.shape) < 0.3] = np.nan
    images, raters = np.nonzero(~np.isnan(values))
    scores = values[images, raters]
    found, screened = agreement(images, raters, scores), screen(images, raters, scores)
    above, below = np.zeros(9, dtype=int), np.zeros(9, dtype=int)
    for row in values:
        known = row[~np.isnan(row)]
        if len(known) < 2 or known.std() == 0:
            continue
        normal = 2 <= kurtosis(known, fisher=False) <= 4
        bound = (2 if normal else 20**0.5) * known.std(ddof=1)
        above += row >= known.mean() + bound
        below += row <= known.mean() - bound
    assert screened.n_above.tolist() == above.tolist()
    assert screened.n_below.tolist() == below.tolist()
    for rater in range(9):
        others = np.delete(values, rater, axis=1)
        rows = ~np.isnan(values[:, rater]) & (~np.isnan(others)).any(axis=1)
        expected = np.corrcoef(values[rows, rater], np.nanmean(others[rows], axis=1))[0, 1]
        assert found.r[rater] == pytest.approx(expected)
        assert found.high[rater] > found.r[rater]


def test_screening_leaves_out_who_strays_to_both_sides():
    values = np.tile(np.repeat([2.0, 3.0, 4.0], 20)[:, None], 20) + RNG.choice([-0.5, 0.0, 0.5], (60, 20))
    values[:, 5] = np.where(np.arange(60) % 2 == 0, 1, 5)
    images, raters = np.nonzero(values)
    assert np.flatnonzero(screen(images, raters, values[images, raters]).is_out).tolist() == [5]
