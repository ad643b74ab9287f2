"""`evaluate` as a researcher needs it: predictions, groups, several indexes, embeddings, formats, results, sheets."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

import quasar_index as qi
from quasar_index.statistics.bootstrap import bootstrap, paired_difference

from .conftest import Run

QUICK = ("--resamples", 40)
N, TESTS = 60, 40


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two indexes `eight` and `six` of embeddings, and other images as embeddings of both: ten references by four."""
    folder = tmp_path_factory.mktemp("vectors")
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(N + TESTS, 8)).astype(np.float32)
    quality = embeddings[:, 0] + 0.8 * rng.normal(size=N + TESTS)
    reference = [f"r{row // 4}" for row in range(N + TESTS)]
    for name, part in (("anchors", slice(N)), ("tests", slice(N, None))):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["image", "score", "reference", "scene", "distortion", "level"])
            for row in range(N + TESTS)[part]:
                kind = ("blur", "noise")[row % 2]
                writer.writerow([f"{row}.png", f"{quality[row]:.4f}", reference[row], f"s{row // 8}", kind, row % 4])
        for index, dim in (("eight", 8), ("six", 6)):
            np.save(folder / f"{name}-{index}.npy", embeddings[part, :dim])
    for index in ("eight", "six"):
        source, matrix = qi.load_embeddings(folder / f"anchors-{index}.npy", folder / "anchors.csv")
        qi.build_from_embeddings(folder / index, source, matrix)
    return folder


def compared(folder: Path) -> tuple[object, ...]:
    """Return the arguments that evaluate both indexes."""
    indexes = ("-i", folder / "eight", "-i", folder / "six")
    files = ("--embeddings", folder / "tests-eight.npy", "--embeddings", folder / "tests-six.npy")
    return ("evaluate", *indexes, *files, "--labels", folder / "tests.csv", *QUICK)


def naive(folder: Path, index: str, method: qi.Method) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return scores, ratings and references of the test images without the command."""
    with (folder / "tests.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores = method.fit(qi.AnchorIndex.open(folder / index)).score(np.load(folder / f"tests-{index}.npy")).score
    return scores, np.array([float(row["score"]) for row in rows]), [row["reference"] for row in rows]


def test_several_indexes_are_compared_on_the_same_resamples(call: Run, vectors: Path) -> None:
    done = call(*compared(vectors), "-m", "mean/ridge", "-f", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["label"] for one in report["methods"]] == ["eight: mean", "eight: ridge", "six: mean", "six: ridge"]
    assert [one["index"] for one in report["methods"]] == ["eight", "eight", "six", "six"]
    first, quality, groups = naive(vectors, "eight", qi.Mean())
    other, _, _ = naive(vectors, "six", qi.Ridge())
    options = {"groups": groups, "n_resamples": 40, "seed": 0}
    expected = paired_difference(other, first, quality, **options)
    found = report["methods"][3]["srcc_minus_first"]
    assert found["value"] == pytest.approx(expected.difference)
    assert (found["low"], found["high"]) == pytest.approx((expected.interval.low, expected.interval.high))
    assert report["methods"][3]["srcc"]["value"] == pytest.approx(spearmanr(other, quality).statistic)
    own = bootstrap("srcc", other, quality, **options)
    assert report["methods"][3]["srcc"]["low"] == pytest.approx(own.low)
    assert report["interval"]["resampled"] == "reference"
    assert report["interval"]["n_units"] == 10


def test_an_index_that_holds_the_images_is_named(call: Run, vectors: Path) -> None:
    rows = np.load(vectors / "tests-eight.npy")
    np.save(vectors / "leak-six.npy", np.vstack([np.load(vectors / "anchors-six.npy")[:1], rows[1:, :6]]))
    files = ("--embeddings", vectors / "tests-eight.npy", "--embeddings", vectors / "leak-six.npy")
    done = call(
        "evaluate", "-i", vectors / "eight", "-i", vectors / "six", *files, "--labels", vectors / "tests.csv", *QUICK
    )
    assert done.returncode == 7
    assert "six: 1 of 40 images would be scored by itself" in done.stderr


def test_indexes_are_cross_validated_side_by_side(call: Run, vectors: Path) -> None:
    indexes = ("-i", vectors / "six", "-i", vectors / "eight")
    done = call("evaluate", *indexes, "--cross-validate", "group=reference", *QUICK, "-f", "json")
    assert done.returncode == 0, done.stderr
    both = json.loads(done.stdout)
    alone = json.loads(call("evaluate", *indexes[2:], *done.args[5:]).stdout)
    assert both["methods"][1]["label"] == "eight: mean"
    assert both["methods"][1]["srcc"] == alone["methods"][0]["srcc"]
    assert both["methods"][1]["srcc_minus_first"] is not None


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_are_a_row_an_image(call: Run, vectors: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"out.{ending}"
    done = call(*compared(vectors), "-m", "mean", "--predictions", output, "--by", "distortion")
    assert done.returncode == 0, done.stderr
    if ending == "parquet":
        rows = pq.read_table(output).to_pylist()
    elif ending == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    else:
        with output.open() as file:
            rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "id", "rating", "group", "distortion", "eight: mean", "six: mean"]
    scores, quality, groups = naive(vectors, "six", qi.Mean())
    assert [float(row["six: mean"]) for row in rows] == pytest.approx(scores)
    assert [float(row["rating"]) for row in rows] == pytest.approx(quality)
    assert [row["group"] for row in rows] == groups
    assert [row["path"] for row in rows] == [f"{row}.png" for row in range(N, N + TESTS)]


def test_predictions_of_a_cross_validation_have_folds(call: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    done = call("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK, "--predictions", output)
    assert done.returncode == 0, done.stderr
    table = pq.read_table(output)
    assert table.column_names == ["path", "id", "rating", "group", "fold", "mean"]
    pairs = set(zip(table["group"].to_pylist(), table["fold"].to_pylist(), strict=True))
    assert len(pairs) == 5
    assert {fold for _, fold in pairs} == set(range(5))


def test_group_names_what_is_resampled(call: Run, vectors: Path) -> None:
    one = ("evaluate", "-i", vectors / "eight", "--embeddings", vectors / "tests-eight.npy", *QUICK)
    files = ("--labels", vectors / "tests.csv")
    done = call(*one, *files, "--group", "scene", "-f", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    scores, quality, _ = naive(vectors, "eight", qi.Mean())
    groups = [f"s{row // 8}" for row in range(N, N + TESTS)]
    expected = bootstrap("srcc", scores, quality, groups=groups, n_resamples=40, seed=0)
    figure = report["methods"][0]["srcc"]
    assert (figure["low"], figure["high"]) == pytest.approx((expected.low, expected.high))
    assert (report["interval"]["resampled"], report["interval"]["n_units"]) == ("scene", len(set(groups)))
    assert "groups by scene" in call(*one, *files, "--group", "scene").stdout
    assert call(*one, *files, "--group", "nothing").returncode == 3


def test_an_embedding_that_an_anchor_has_is_the_same_image(call: Run, vectors: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.npy"
    np.save(shared, np.vstack([np.load(vectors / "anchors-eight.npy")[:3] * 2, np.load(vectors / "tests-eight.npy")]))
    labels = tmp_path / "shared.csv"
    rows = [f"new{row}.png,{row % 7}" for row in range(TESTS + 3)]
    labels.write_text("\n".join(["image,score", *rows]), encoding="utf-8")
    common = ("evaluate", "-i", vectors / "eight", "--embeddings", shared, "--labels", labels, *QUICK)
    refused = call(*common)
    assert refused.returncode == 7
    assert "3 of 43 images would be scored by themselves" in refused.stderr
    fair = json.loads(call(*common, "--exclude", "same-image", "-f", "json").stdout)
    assert (fair["n_folds"], fair["n_overlap"]) == (4, 0)


def test_latex_has_the_best_in_bold(call: Run, vectors: Path) -> None:
    done = call(*compared(vectors), "-m", "mean", "-m", "knn:top_k=1", "-f", "latex", "--by", "distortion")
    assert done.returncode == 0, done.stderr
    assert r"\toprule" in done.stdout
    report = json.loads(call(*compared(vectors), "-m", "mean", "-m", "knn:top_k=1", "-f", "json").stdout)
    best = max(report["methods"], key=lambda one: one["srcc"]["value"])
    row = next(line for line in done.stdout.splitlines() if line.startswith(best["label"].replace("_", r"\_")))
    assert rf"\textbf{{{best['srcc']['value']:.3f}}}" in row
    assert r"knn:top\_k=1" in done.stdout
    assert all(line.count("&") in (0, 6, 5) for line in done.stdout.splitlines())


def test_csv_has_a_row_a_method_and_part(call: Run, vectors: Path) -> None:
    done = call(*compared(vectors), "-f", "csv", "--by", "distortion")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["part"], row["index"]) for row in rows] == [
        *(("", "eight"), ("distortion=blur", "eight"), ("distortion=noise", "eight")),
        *(("", "six"), ("distortion=blur", "six"), ("distortion=noise", "six")),
    ]
    scores, quality, _ = naive(vectors, "eight", qi.Mean())
    assert float(rows[0]["srcc"]) == pytest.approx(spearmanr(scores, quality).statistic)
    assert float(rows[1]["srcc"]) == pytest.approx(spearmanr(scores[::2], quality[::2]).statistic)
    assert rows[0]["n"] == "40"


def test_embeddings_are_refused_where_they_do_not_fit(call: Run, vectors: Path, tmp_path: Path) -> None:
    tests = ("--embeddings", vectors / "tests-eight.npy", "--labels", vectors / "tests.csv")
    both = compared(vectors)
    for arguments, code, words in (
        (("evaluate", "-i", vectors / "six", *tests), 7, "tests-eight is 8-d and index 'six' is 6-d"),
        (("evaluate", "-i", vectors / "six", *tests, "--device", "cpu"), 2, "--embeddings need no encoder"),
        (("evaluate", "-i", vectors / "six", "-i", vectors / "six", *tests), 2, "names 'six' twice"),
        (("evaluate", "-i", vectors / "six", "--embeddings", tests[1]), 7, "has no ratings"),
        ((*both, "--version", "1"), 2, "--version is for one --index"),
        ((*both, "--embeddings", tests[1]), 2, "once for each --index"),
        ((*both, "--predictions", "out.txt"), 3, "name it .csv, .jsonl or .parquet"),
        ((*both, "--predictions", vectors / "tests.csv"), 3, "give --predictions another file"),
        (("evaluate", "-i", "rated", "--labels", tests[3], "--cross-validate", "group=photograph"), 2, "belongs to"),
    ):
        done = call(*arguments)
        said = re.sub(r"[\s│]+", " ", done.stderr)
        assert done.returncode == code, (arguments, said)
        assert words in said


def test_results_are_lines_with_all_that_decides_them(call: Run, vectors: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    results.write_text('{"torn', encoding="utf-8")
    done = call(*compared(vectors), "-m", "mean/ridge", "--results", results, "-f", "json", "--by", "distortion")
    assert done.returncode == 0, done.stderr
    torn, *lines = results.read_text().splitlines()
    assert torn == '{"torn'
    results.write_text("\n".join([*lines, torn]), encoding="utf-8")  # now the last one is torn
    line = json.loads(lines[3])
    index = qi.AnchorIndex.open(vectors / "six")
    assert line["anchors"]["uid"] == index.manifest.uid
    assert (line["anchors"]["version"], line["n"], line["interval"]["seed"]) == (1, TESTS, 0)
    assert line["encoder"]["fingerprint"] == index.manifest.encoder.fingerprint
    assert line["versions"]["numpy"] == np.__version__
    assert line["command"].startswith("quasar-index evaluate -i ")
    source, _ = qi.load_embeddings(vectors / "tests-six.npy", vectors / "tests.csv")
    assert line["images"]["labels"].items() >= source.checksums.items()
    (again,) = json.loads(call("evaluate", "--from", results, "-f", "json").stdout)
    report = json.loads(done.stdout)
    assert again == report


def test_results_of_several_runs_make_one_table(call: Run, vectors: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    for index, method in (("eight", "mean"), ("six", "mean"), ("six", "ridge"), ("eight", "mean")):
        one = ("--embeddings", vectors / f"tests-{index}.npy", "--labels", vectors / "tests.csv", *QUICK)
        assert call("evaluate", "-i", vectors / index, *one, "-m", method, "--results", results).returncode == 0
    other = ("--cross-validate", "group=scene", *QUICK, "--results", results)
    assert call("evaluate", "-i", vectors / "six", *other).returncode == 0
    one, crossed = json.loads(call("evaluate", "--from", results, "-f", "json").stdout)
    assert [method["label"] for method in one["methods"]] == ["six: mean", "six: ridge", "eight: mean"]
    assert [method["label"] for method in crossed["methods"]] == ["mean"]
    scores, quality, _ = naive(vectors, "six", qi.Ridge())
    assert one["methods"][1]["srcc"]["value"] == pytest.approx(spearmanr(scores, quality).statistic)
    for format_, words in (("table", "six: ridge"), ("csv", ",six,ridge,40,"), ("markdown", "| six: ridge |"),
                           ("latex", "six: ridge & ")):  # fmt: skip
        assert words in call("evaluate", "--from", results, "-f", format_).stdout


def test_what_holds_no_results_is_refused(call: Run, tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    for text, words in (
        ("", "holds no results"),
        ('{"a": 1}\n', "line 1 is no result"),
        ("[]\n", "line 1 is no result"),
        ("nonsense\n", "line 1 is no result"),
    ):
        file.write_text(text, encoding="utf-8")
        done = call("evaluate", "--from", file)
        assert (done.returncode, words in done.stderr) == (3, True), done.stderr
    assert call("evaluate", "--from", tmp_path / "none.jsonl").returncode == 3
    done = call("evaluate", "--from", file, "-i", "rated")
    assert done.returncode == 2
    assert "--index has no effect" in re.sub(r"[\s│]+", " ", done.stderr)
    done = call("evaluate", "-i", "rated", "--cross-validate", "group=photograph", "--results", "x.csv")
    assert (done.returncode, "name it .jsonl" in done.stderr) == (3, True)


def test_a_sheet_shows_where_two_methods_differ(call: Run, vectors: Path, photos: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.svg"
    done = call(*compared(vectors), "-m", "mean", "--sheet", sheet)
    assert done.returncode == 0, done.stderr
    text = sheet.read_text(encoding="utf-8")
    one, _, groups = naive(vectors, "eight", qi.Mean())
    other, _, _ = naive(vectors, "six", qi.Mean())
    first, second = ((np.argsort(np.argsort(scores))) / (TESTS - 1) for scores in (one, other))
    row = int(np.argmax(first - second))
    assert f"{first[row]:.0%} | {second[row]:.0%}" in text
    again = max(np.flatnonzero(np.array(groups) != groups[row]), key=lambda place: first[place] - second[place])
    assert f"{first[again]:.0%} | {second[again]:.0%}" in text
    for words in ("Rank over severity", ">blur<", ">noise<", "one of each group", f">{N + row}.png<"):
        assert words in text
    picture = tmp_path / "sheet.png"
    crossed = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK)
    assert call(*crossed, "-m", "mean/ridge", "--sheet", picture).returncode == 0
    assert picture.stat().st_size > 100_000  # with photographs
    assert call(*crossed, "--sheet", picture).returncode == 2
    assert call(*crossed, "-m", "mean/ridge", "--sheet", tmp_path / "sheet.pdf").returncode == 3


def test_a_matrix_is_all_pairs(call: Run, vectors: Path, tmp_path: Path) -> None:
    shared = np.load(vectors / "anchors-eight.npy")[:24]  # six references of `eight`
    np.save(tmp_path / "mix.npy", np.vstack([shared, np.load(vectors / "tests-eight.npy")]))
    lines = [(vectors / f"{name}.csv").read_text().splitlines() for name in ("anchors", "tests")]
    (tmp_path / "mix.csv").write_text("\n".join([*lines[0][:25], *lines[1][1:]]), encoding="utf-8")
    qi.build_from_embeddings(tmp_path / "mix", *qi.load_embeddings(tmp_path / "mix.npy", tmp_path / "mix.csv"))
    both = ("evaluate", "-i", vectors / "eight", "-i", tmp_path / "mix", "--matrix", *QUICK)
    done = call(*both, "-m", "mean:space=raw", "-f", "json")
    assert done.returncode == 0, done.stderr
    cells = {(one["anchors"], one["tests"]): one for one in json.loads(done.stdout)["cells"]}
    assert [cells[key]["n_shared"] for key in cells] == [0, 24, 24, 0]
    assert {one["resampled"] for one in cells.values()} == {"reference"}

    eight, mix = (qi.AnchorIndex.open(place) for place in (vectors / "eight", tmp_path / "mix"))
    method = qi.Mean(space="raw")
    anchors, tests = eight.anchors(), qi.rated_anchors(mix)
    ids = np.array([key.decode() for key in anchors.ids.tolist()])
    reference = dict(zip(qi.rated_anchors(eight).ids, qi.rated_anchors(eight).columns["reference"], strict=True))
    expected = []
    for embedding, own in zip(tests.embeddings, tests.columns["reference"], strict=True):
        kept = np.array([reference[key] != own for key in ids])
        expected.append(method.fit(anchors.take(kept)).score(embedding[None]).score[0])
    value = spearmanr(expected, tests.quality).statistic
    assert cells["eight", "mix"]["srcc"] == pytest.approx(value)
    crossed = call("evaluate", "-i", vectors / "eight", "--cross-validate", "group=reference", *QUICK,
                   "-m", "mean:space=raw", "-f", "json")  # fmt: skip
    itself = json.loads(crossed.stdout)["methods"][0]["srcc"]
    assert cells["eight", "eight"]["srcc"] == pytest.approx(itself["value"])
    assert cells["eight", "eight"]["srcc_low"] == pytest.approx(itself["low"])
    for format_, words in (("table", "24 images share"), ("markdown", "| eight |"), ("latex", r"\toprule"),
                           ("csv", "eight,mix,mean,64,24,")):  # fmt: skip
        assert words in call(*both, "-f", format_).stdout
    refused = call("evaluate", "-i", vectors / "eight", "-i", vectors / "six", "--matrix", *QUICK)
    assert refused.returncode == 7
    assert call("evaluate", "-i", vectors / "eight", "--matrix").returncode == 2
    assert call(*both, "--results", "x.jsonl").returncode == 2
