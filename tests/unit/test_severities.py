"""How severe a distortion is: the declared tables, the tables of `synthesize`, and what anchors make of them."""

import os
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.distortions import (
    KADID_DISTORTIONS,
    KADID_SEVERITIES,
    TID2013_DISTORTIONS,
    TID2013_SEVERITIES,
    severity_of,
)
from quasar_index.synthesis import DISTORTIONS
from tests.benchmarks import severity as comparison


def write_pair(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def test_levels_that_are_no_severities():
    assert set(KADID_SEVERITIES) == set(KADID_DISTORTIONS) == set(DISTORTIONS)
    assert set(TID2013_SEVERITIES) == set(TID2013_DISTORTIONS)
    # To either side: the middle level is the mildest.
    assert [severity_of("mean-shift", level) for level in range(1, 6)] == [2, 1, 0, 1, 2]
    assert [severity_of("contrast-change", level) for level in range(1, 6)] == [2, 1, 0, 1, 2]
    # Backwards, and none.
    backwards = [severity_of("local-block-wise-distortions", level, TID2013_SEVERITIES) for level in range(1, 6)]
    assert backwards == [5, 4, 3, 2, 1]
    assert severity_of("contrast-change", 2, TID2013_SEVERITIES) is None
    assert [severity_of("jpeg", level) for level in (1, 5, 6, None)] == [1, 5, None, None]
    assert severity_of(None, 0) == 0
    assert severity_of("fog", 1) is None


def test_synthesised_levels_are_strengths_and_those_of_kadis_are_not(tmp_path):
    from PIL import Image

    (tmp_path / "pristine").mkdir()
    Image.effect_noise((48, 48), 60).convert("RGB").save(tmp_path / "pristine" / "a.png")
    qi.synthesis.synthesize(tmp_path / "pristine", tmp_path / "made", types=["mean-shift"])
    names = [f"dist_imgs/a_18_0{level}.bmp" for level in range(1, 6)]
    write_pair(tmp_path / "kadis", ["ref_imgs/a.png", *names])
    ours, theirs, labels = (
        qi.load_source(str(tmp_path / name)).records.to_pylist() for name in ("made", "kadis", "made/labels.csv")
    )
    assert [row["score"] for row in sorted(ours, key=lambda row: row["level"])] == [0, 1, 2, 3, 4, 5]
    assert [row["score"] for row in sorted(theirs, key=lambda row: row["level"])] == [0, 2, 1, 0, 1, 2]
    assert [row["score"] for row in labels] == [0, 1, 2, 3, 4, 5]
    source = qi.load_source(str(tmp_path / "made/labels.csv"))
    assert (source.rating, source.by_person, source.lower_is_better) == ("severity", False, True)
    (tmp_path / "made" / "labels.csv").write_text(
        "path,reference,distortion,level\ndist_imgs/a_18_05.png,a,mean-shift,5\n"
    )
    earlier = {row["level"]: row["score"] for row in qi.load_source(str(tmp_path / "made")).records.to_pylist()}
    assert (earlier[5], earlier[1]) == (5, 2)  # a table without severities has strengths as levels


def test_a_division_by_severity_that_is_not_known(tmp_path):
    write_pair(tmp_path, ["reference/a.png", "distorted/a-blur.png", "distorted/a_01_04.png"])
    with pytest.raises(qi.DataError, match="severity of 1 distorted image is not known"):
        qi.load_source(f"{tmp_path}?division=median")
    papers = qi.load_source(f"{tmp_path}?division=reference")
    assert papers.records["score"].null_count == len(papers) == 3
    assert papers.rating == "score"


def test_anchors_are_divided_at_the_median_severity_and_drawn_by_reference(tmp_path):
    from PIL import Image

    for name in "abcdef":
        path = tmp_path / "pristine" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(ord(name)).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((48, 48)).save(path)
    qi.synthesis.synthesize(tmp_path / "pristine", tmp_path / "made", types=["jpeg", "white-noise"])
    encoder = qi.load_encoder(layers="final", input_rule="crop-32", device="cpu", precision="fp32")
    found = {
        division: qi.build_index(tmp_path / division, [qi.load_source(f"{tmp_path / 'made'}{option}")], encoder).index
        for division, option in (("severity", ""), ("reference", "?division=reference"))
    }
    ours, papers = (index.anchors() for index in found.values())
    severity = found["severity"].metadata(ours, ["score"])["score"].to_numpy()
    np.testing.assert_array_equal(ours.is_good, severity < np.median(severity))
    np.testing.assert_allclose(ours.quality, 1 - severity / 5)
    assert ours.sides_follow_ratings
    assert len(np.unique(ours.groups)) == 6
    assert (papers.n_good, papers.quality, papers.sides_follow_ratings) == (6, None, False)
    for index in found.values():
        anchors = index.anchors(ratio=0.5, seed=1)
        assert np.unique(anchors.groups, return_counts=True)[1].tolist() == [11] * 3
    # Scores by the paper's division do not depend on severities.
    queries = papers.directions[:5] * papers.norms[:5, None]
    sides = dict(zip(papers.ids.tolist(), papers.is_good.tolist(), strict=True))
    plain = qi.make_anchors(ours.directions * ours.norms[:, None], is_good=[sides[key] for key in ours.ids.tolist()])
    for method in (qi.Mean(), qi.Mean(space="raw")):
        np.testing.assert_allclose(
            method.fit(papers).score(queries).score, method.fit(plain).score(queries).score, atol=1e-5
        )


def test_the_comparison_with_human_scores(tmp_path, capsys):
    lines = [f"I01_18_0{level}.png,I01.png,{5 - abs(level - 3) / 2},0.1" for level in range(1, 6)]
    lines += [f"I01_01_0{level}.png,I01.png,{5 - level / 2},0.1" for level in range(1, 6)]
    file = tmp_path / "dmos.csv"
    file.write_text("dist_img,ref_img,dmos,var\n" + "\n".join(lines))
    assert comparison.main(["--kadid", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "mean-shift" in printed
    assert [line.split()[-2:] for line in printed.splitlines() if "blur" in line or "shift" in line] == [
        ["-1.000", "+1.000"],
        ["+0.000", "+1.000"],
    ]
    file.write_text("\n".join(f"{level} I01_01_{level}.bmp" for level in range(1, 6)))
    assert comparison.main(["--kadid", str(file)]) == 1


@pytest.mark.skipif("QUASAR_INDEX_LABELS" not in os.environ, reason="label files are not shipped")
def test_real_label_files(capsys):
    folder = Path(os.environ["QUASAR_INDEX_LABELS"])
    files = ["--kadid", str(folder / "KADID-10k.txt"), "--tid", str(folder / "TID2013.txt")]
    assert comparison.main(files) == 0
    assert len(capsys.readouterr().out.splitlines()) == 25 + 24 + 4


def test_an_evaluation_says_that_severities_are_no_ratings_of_people(tmp_path):
    from quasar_index.datasets.base import AnchorSource, make_records

    x = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    severity = np.clip(np.round(2.5 - 2 * x[:, 0]), 0, 5)
    columns = {
        "path": [f"{row}.png" for row in range(40)],
        "score": severity,
        "reference": [str(i // 4) for i in range(40)],
    }
    source = AnchorSource(
        "made", make_records(columns, 40), "full-reference", "median", True, (0, 5), rating="severity", by_person=False
    )
    index = qi.build_from_embeddings(tmp_path / "made", [source], x).index
    images = qi.rated_anchors(index)
    assert images.name == "index 'made' by severity (no person's rating)"
    report = qi.cross_validate_images([qi.Mean()], images, "reference", n_resamples=50)
    assert report.protocol.startswith("index 'made' by severity (no person's rating), one reference left out at a time")
    assert report.outcomes[0].figures["srcc"].value > 0.5
