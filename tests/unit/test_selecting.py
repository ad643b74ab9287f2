"""A selected index: the same anchors, labels and sides as in its parent, also after it is changed, exported, merged."""

import dataclasses
import json

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError, DataError, MethodError
from quasar_index.index import Manifest
from quasar_index.index.manifest import MANIFEST

N, DIM = 60, 6


def rated(rows, scores, *, name="own", lower_is_better=False, score_range=None):
    columns = {"camera": [f"c{row % 3}" for row in rows], "reference": [f"r{row // 2}" for row in rows]}
    records = make_records({"path": [f"{name}/{row}.png" for row in rows], "score": list(scores), **columns}, len(rows))
    return AnchorSource(
        name, records, "no-reference", "median", lower_is_better=lower_is_better, score_range=score_range
    )


def paired(n, name="pairs"):
    sides = ["good" if row % 4 == 0 else "bad" for row in range(n)]
    columns = {"reference": [f"p{row // 4}" for row in range(n)], "side": sides}
    return AnchorSource(
        name,
        make_records({"path": [f"{name}/{row}.png" for row in range(n)], **columns}, n),
        "full-reference",
        "reference",
    )


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(3 * N, DIM)).astype(np.float32)


@pytest.fixture
def index(matrix, tmp_path):
    """Rated anchors of observed range 0 to 118, divided at 59; and references with distortions."""
    sources = [rated(range(N), np.arange(N) * 2.0), paired(20)]
    return qi.build_from_embeddings(tmp_path / "own", sources, matrix[: N + 20]).index


def content(index):
    table = index.tables.read(index.columns)
    return {row["id"]: row for row in table.to_pylist()}


def worst(index, n, name, **options):
    """Select lopsidedly: the n anchors of each side with the lowest scores, so that the median is another one."""
    anchors = index.anchors(**options)
    order = np.argsort(np.nan_to_num(anchors.quality, nan=2.0), kind="stable")
    rows = np.r_[order[order < anchors.n_good][:n], order[order >= anchors.n_good][:n]]
    subset = qi.index.Subset("own", {}, n, n, anchors.n_good, anchors.n_bad, index.name, index.manifest.uid, 1)
    return qi.index.select_into(name, index, [key.decode() for key in anchors.ids[rows].tolist()], subset)


def test_a_subset_is_the_parent_s_rows_unchanged(index, tmp_path):
    report = qi.select_subset(tmp_path / "part", index, qi.selection.Random(3), size=24)
    whole, part = content(index), content(report.index)
    assert len(part) == 24
    assert all(whole[key] == row for key, row in part.items())
    assert report.index.columns == index.columns
    anchors = index.anchors()
    rows = qi.select_anchors(anchors, qi.selection.Random(3), size=24)
    assert set(part) == {key.decode() for key in anchors.ids[rows].tolist()}
    again = qi.AnchorIndex.open(tmp_path / "part")
    assert again.manifest == report.index.manifest
    assert again.manifest.subset == report.subset
    assert again.manifest.encoder == index.manifest.encoder
    assert again.manifest.uid != index.manifest.uid
    for mine, parent in zip(again.manifest.sources, index.manifest.sources, strict=True):
        sides = [row["side"] for row in part.values() if row["dataset"] == mine.name]
        assert (mine.n_good, mine.n_bad) == (sides.count("good"), sides.count("bad"))
        assert (mine.threshold, mine.score_range) == (parent.threshold, parent.score_range)
    taken = anchors.take(rows)
    np.testing.assert_array_equal(again.anchors().ids, taken.ids)
    np.testing.assert_array_equal(again.anchors().quality, taken.quality)
    queries = np.random.default_rng(1).normal(size=(5, DIM))
    np.testing.assert_allclose(
        qi.Scorer(again).score_embeddings(queries).score, qi.Scorer(taken).score_embeddings(queries).score, rtol=1e-6
    )


def test_the_manifest_says_how(index, tmp_path):
    report = qi.select_subset(
        tmp_path / "part", index, qi.selection.Mmr(0.25), fraction=0.5, stratify=3, space="whitened", shrinkage=2.0,
        where="dataset = 'own'", group="camera", reason="a test",
    )  # fmt: skip
    subset = qi.AnchorIndex.open(tmp_path / "part").manifest.subset
    assert subset == report.subset
    assert (subset.selector, dict(subset.parameters)) == ("mmr", {"balance": 0.25, "relevance": "centroid"})
    assert subset.label == "mmr balance=0.25 relevance=centroid"
    assert (subset.n_good, subset.n_bad, subset.of_good, subset.of_bad) == (15, 15, 30, 30)
    assert (subset.space, subset.stratify, subset.where) == ("whitened (shrinkage 2)", 3, "dataset = 'own'")
    assert (subset.index, subset.uid, subset.version) == ("own", index.manifest.uid, index.manifest.version)
    assert (subset.group, subset.reason) == ("camera", "a test")
    assert [source.name for source in report.index.manifest.sources] == ["own"]
    assert report.index.history()[0].action == f"select from own, version {subset.version}, by mmr: 30 anchors"


def test_the_space_changes_what_is_chosen(matrix, tmp_path):
    stretched = matrix[:N] * [10, 1, 1, 1, 1, 1] + [30, 0, 0, 0, 0, 0]
    index = qi.build_from_embeddings(tmp_path / "own", rated(range(N), np.arange(N) * 1.0), stretched).index
    chosen = [
        set(
            content(
                qi.select_subset(
                    tmp_path / space, index, qi.selection.KCenter(), size=10, space=space, shrinkage=0.1
                ).index
            )
        )
        for space in ("raw", "centred", "whitened")
    ]
    assert len({frozenset(one) for one in chosen}) == 3
    anchors = index.anchors()
    mapped = qi.methods.fit_space(anchors, "whitened", shrinkage=0.1).apply_to_anchors(anchors)
    expected = anchors.ids[qi.select_anchors(mapped, qi.selection.KCenter(), size=10)]
    assert chosen[2] == {key.decode() for key in expected.tolist()}


def test_changes_keep_the_parent_s_division(index, matrix, tmp_path):
    part = worst(index, 8, tmp_path / "part", where="dataset = 'own'")
    (source,) = part.manifest.sources
    assert (source.threshold, source.score_range, source.n_good, source.n_bad) == (59.0, (0.0, 118.0), 8, 8)
    assert np.median([row["score"] for row in content(part).values()]) < 59

    grown = part.add_embeddings(rated(range(N, N + 4), [58, 60, 62, 64]), matrix[N : N + 4])
    assert grown.n_moved == 0
    (source,) = grown.index.manifest.sources
    assert (source.threshold, source.score_range, source.n_good, source.n_bad) == (59.0, (0.0, 118.0), 11, 9)
    rows = content(grown.index)
    assert all(row["quality"] == pytest.approx(row["score"] / 118) for row in rows.values())

    smaller = grown.index.remove(where="score > 70")
    assert smaller.n_moved == 0
    assert smaller.index.manifest.sources[0].threshold == 59.0

    # a new score may lie beyond the observed range, which no one declared
    key, row = next((key, row) for key, row in content(smaller.index).items() if row["side"] == "bad")
    changed = smaller.index.relabel(rated([int(row["path"].split("/")[1][:-4])], [130.0]))
    assert (changed.n_changed, changed.n_moved) == (1, 1)
    after = content(changed.index)[key]
    assert (after["side"], after["quality"]) == ("good", pytest.approx(130 / 118))
    assert changed.index.manifest.subset == part.manifest.subset


def test_lower_is_better_keeps_its_division(matrix, tmp_path):
    source = rated(range(N), np.arange(N) * 1.0, lower_is_better=True, score_range=(0.0, 100.0))
    index = qi.build_from_embeddings(tmp_path / "own", source, matrix[:N]).index
    part = worst(index, 5, tmp_path / "part")
    grown = part.add_embeddings(
        rated([90, 91], [29, 30], lower_is_better=True, score_range=(0.0, 100.0)), matrix[N : N + 2]
    )
    assert grown.n_moved == 0
    (record,) = grown.index.manifest.sources
    assert (record.threshold, record.n_good, record.n_bad) == (29.5, 6, 6)
    with pytest.raises(DataError, match="outside 0 to 100"):
        part.relabel(rated([29], [101.0], lower_is_better=True))


@pytest.mark.parametrize("ending", ["parquet", "npz"])
def test_an_export_comes_back_as_the_same_subset(index, tmp_path, ending):
    part = worst(index, 8, tmp_path / "part")
    part.export(tmp_path / f"out.{ending}")
    read = qi.read_export(tmp_path / f"out.{ending}")
    again = qi.build_from_embeddings(
        tmp_path / "again", read.sources, read.embeddings, spec=read.spec, ids=read.ids, sizes=read.sizes
    ).index
    assert content(again) == content(part)
    assert again.manifest.sources == part.manifest.sources


def test_merges_divide_anew_only_what_was_divided_otherwise(index, matrix, tmp_path):
    one = worst(index, 8, tmp_path / "one", where="dataset = 'own' AND camera = 'c1'")
    two = worst(index, 8, tmp_path / "two", where="dataset = 'own' AND camera = 'c2'")
    both = qi.merge(tmp_path / "both", [one, two]).index
    assert (both.manifest.sources[0].threshold, both.manifest.sources[0].rating.kept) == (59.0, True)
    assert both.manifest.subset is None
    other = qi.build_from_embeddings(
        tmp_path / "other", rated(range(90, 110), np.arange(20) * 1.0), matrix[90:110]
    ).index
    for order in ([one, other], [other, one]):
        mixed = qi.merge(tmp_path / "mixed", order, overwrite=True).index
        (source,) = mixed.manifest.sources
        scores = [row["score"] for row in content(mixed).values()]
        assert (source.threshold, source.rating.kept) == (np.median(scores), False)
        assert source.score_range == (min(scores), max(scores))


def test_scores_are_not_measured_on_the_images_that_a_method_chose(tmp_path):
    # Ratings that the embeddings know nothing of: whatever a selector chooses, all images together correlate near 0.
    rng = np.random.default_rng(5)
    records = make_records({"path": [f"{i}.png" for i in range(80)], "score": rng.random(80)}, 80)
    source = AnchorSource("own", records, "no-reference", "median")
    index = qi.build_from_embeddings(tmp_path / "own", source, rng.normal(size=(80, 6)).astype(np.float32)).index
    chosen = qi.select_subset(tmp_path / "chosen", index, qi.SELECTORS["forward"](), fraction=0.3).index
    images = qi.rated_anchors(chosen)
    methods = [qi.Mean(space="raw")]
    # This is what an evaluation would say if it were not refused:
    flattering = qi.cross_validate_images(methods, dataclasses.replace(images, subset=None), "id")
    assert flattering.outcomes[0].figures["srcc"].value > 0.25
    words = r"24 of 80 anchors that 'forward' chose.*quasar-index sweep own --selectors forward --sizes 0\.3"
    for refused in (
        lambda: qi.cross_validate_images(methods, images, "id"),
        lambda: qi.sweep.anchors_bench(chosen, "id"),
        lambda: qi.sweep.suggest(chosen),
    ):
        with pytest.raises(qi.ValidationError, match=words):
            refused()
    drawn = qi.select_subset(tmp_path / "drawn", index, qi.selection.Random(), fraction=0.3).index
    assert qi.cross_validate_images(methods, qi.rated_anchors(drawn), "id").n_scored == 24
    # A random part of what a selector chose is still what it chose.
    part = qi.select_subset(tmp_path / "part", chosen, qi.selection.Random(), fraction=0.9).index
    assert (part.manifest.subset.earlier, part.manifest.subset.chosen_by) == (("forward",), "forward")
    with pytest.raises(qi.ValidationError, match="that 'forward' chose"):
        qi.cross_validate_images(methods, qi.rated_anchors(part), "id")


def test_a_subset_of_a_subset_and_the_wrong_ids(index, tmp_path):
    part = worst(index, 8, tmp_path / "part")
    smaller = qi.select_subset(tmp_path / "smaller", part, qi.selection.Density(), size=6).index
    assert smaller.manifest.subset.index == "part"
    assert smaller.manifest.sources[0].threshold == index.manifest.sources[0].threshold
    subset = smaller.manifest.subset
    with pytest.raises(AnchorIndexError, match="1 of 2 ids is not in"):
        qi.index.select_into(tmp_path / "x", part, [next(iter(content(part))), "nobody"], subset)
    good = [key for key, row in content(part).items() if row["side"] == "good"]
    with pytest.raises(AnchorIndexError, match="none of the 8 anchors is bad"):
        qi.index.select_into(tmp_path / "x", part, good, subset)
    with pytest.raises(AnchorIndexError, match="exists already"):
        qi.index.select_into(tmp_path / "part", index, list(content(part)), subset)
    with pytest.raises(AnchorIndexError, match="exists already"):
        qi.select_subset(tmp_path / "part", index, qi.selection.Random(), size=6)
    with pytest.raises(MethodError, match="100 of 16 anchors cannot be selected"):
        qi.select_subset(tmp_path / "x", part, qi.selection.Random(), size=100)
    assert not (tmp_path / "x").exists()


def test_a_damaged_record_of_a_selection_is_said(index, tmp_path):
    assert Manifest.read(index.path).subset is None
    part = worst(index, 4, tmp_path / "part")
    data = json.loads((part.path / MANIFEST).read_text())
    assert data["subset"]["selector"] == "own"
    data["subset"] = {"selector": "own"}
    (part.path / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(AnchorIndexError, match="lacks or misnames"):
        Manifest.read(part.path)
