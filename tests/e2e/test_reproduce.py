"""`quasar-index reproduce` on tiny trees in the published layouts."""

import json
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from tests.published import write_published

from .conftest import Run
from .paper_data import (
    make_aadb,
    make_ava,
    make_kadis700k,
    make_koniq10k,
    make_livewild,
    make_tid2013,
    photographs,
    save,
    save_rn50,
)

QUICK = ("--resamples", 50, "--device", "cpu")
LITE = ("--encoder", "efficientnet-lite0")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with two test sets of quality and one of aesthetics, and their anchors."""
    root = tmp_path_factory.mktemp("data")
    make_tid2013(root / "tid2013")
    make_koniq10k(root / "KonIQ-10k")
    make_aadb(root / "AADB")
    make_kadis700k(root / "kadis700k")
    make_ava(root / "ava")
    return root


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("indexes")


def cells(text: str) -> dict[tuple[str, str], dict]:
    return {(one["test"], one["series"]): one for one in json.loads(text)["results"]}


def test_table1_with_the_offline_encoder(
    call: Run, data: Path, indexes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ("reproduce", "table1", "--data-root", data, "--indexes", indexes, *LITE, *QUICK)
    done = call(*common, "-f", "json", "--picture", "table1.png")
    assert done.returncode == 0, done.stderr
    assert "embedding 45 images of TID2013 with efficientnet-lite0" in done.stderr
    found = cells(done.stdout)
    assert (tmp_path / "table1.png").stat().st_size > 10_000
    # the same figures, by hand
    encoder = qi.load_encoder(device="cpu")
    anchors = qi.build_index(tmp_path / "kadis", [qi.load_source(f"kadis700k:{data / 'kadis700k'}")], encoder).index
    scorer = qi.Scorer(anchors, qi.Mean(space="raw"), encoder=encoder)
    for name, folder, options, n in (("tid2013", "tid2013", "", 45), ("koniq10k", "KonIQ-10k", "?split=test", 18)):
        rows = [row for row in qi.load_source(f"{name}:{data / folder}{options}").records.to_pylist() if row["score"]]
        scores = [row.score for row in scorer.score_files([row["path"] for row in rows])]
        one = found[name, "QUASAR"]
        assert one["status"] == "ran"
        assert one["measured"]["srcc"] == pytest.approx(qi.srcc(scores, [row["score"] for row in rows]), abs=1e-9)
        assert one["measured"]["low"] < one["measured"]["srcc"] < one["measured"]["high"]
        assert (one["measured"]["n"], one["measured"]["n_anchors"]) == (n, 42)
        assert one["flags"][0] == "not the paper's encoder: efficientnet-lite0 in place of clip-rn50"
        assert "36 of 700,000 published images of KADIS-700k" in one["flags"]
    assert found["tid2013", "QUASAR"]["measured"]["n_groups"] == 5
    assert (found["tid2013", "QUASAR"]["published"], found["koniq10k", "QUASAR"]["published"]) == (0.627, 0.688)
    assert found["tid2013", "CLIP-IQA"]["reasons"] == ["efficientnet-lite0 has no text tower for prompts"]
    assert found["aadb", "QUASAR"]["reasons"] == ["100 clusters are more than the 12 good anchors"]
    assert found["spaq", "QUASAR"]["reasons"] == ["no spaq"]
    # a second run embeds and scores nothing
    monkeypatch.setattr("quasar_index.reproduction.indexes.load_encoder", None)
    monkeypatch.setattr("quasar_index.reproduction.run.measure", None)
    again = call(*common, "-f", "json", "--only", "tid2013,koniq10k")
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert cells(again.stdout)["tid2013", "QUASAR"] == found["tid2013", "QUASAR"]
    table = call(*common, "--only", "tid2013", "--only", "SPAQ").stdout
    assert "missing data set spaq" in table
    assert "https://github.com/h4nwei/SPAQ" in table
    assert "Annotations/MOS and Image attribute scores.xlsx" in table


def test_clip_iqa_and_quasar_with_rn50(
    call: Run, data: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    weights = tmp_path_factory.mktemp("weights") / "rn50.safetensors"
    save_rn50(weights)
    try:
        done = call(
            "reproduce", "TABLE1", "--data-root", data, "--indexes", "indexes", "--only", "tid2013", "--sample", 3,
            "--weights", weights, *QUICK, "-f", "json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = cells(done.stdout)
        encoder = qi.load_encoder("clip-rn50", weights=weights, device="cpu")
    finally:
        weights.unlink()
    assert found["tid2013", "QUASAR"]["measured"]["n_anchors"] == 3 * 7
    assert found["tid2013", "QUASAR"]["flags"][0].startswith("a sample of at most 3 references")
    index = qi.AnchorIndex.open(tmp_path / "indexes" / "test--tid2013--clip-rn50--native")
    images = qi.rated_anchors(index)
    anchors, temperature = qi.text_anchors(encoder, "Good photo.", "Bad photo.")
    scores = qi.Scorer(anchors, qi.Mean(space="raw", temperature=temperature)).score_embeddings(images.embeddings).score
    baseline = found["tid2013", "CLIP-IQA"]
    assert baseline["measured"]["srcc"] == pytest.approx(qi.srcc(scores, images.quality), abs=1e-9)
    assert (baseline["measured"]["n_anchors"], baseline["published"]) == (2, 0.503)
    assert not any("encoder" in flag or "sample" in flag for flag in baseline["flags"])


def test_figures_draw_and_sweep(call: Run, data: Path, indexes: Path, tmp_path: Path) -> None:
    common = ("--data-root", data, "--indexes", indexes, *LITE, *QUICK)
    done = call("reproduce", "FIG6", *common, "--only", "tid2013", "--picture", "fig6.svg", "-f", "json")
    assert done.returncode == 0, done.stderr
    points = {one["x"]: one for one in json.loads(done.stdout)["results"] if one["anchors"] == "kadis700k"}
    assert points[0.5]["measured"]["spread"] > 0
    assert points[0.5]["measured"]["n_anchors"] == 3 * 7
    assert points[0.5]["published"] is None
    assert (points[1.0]["measured"]["spread"], points[1.0]["published"]) == (None, 0.627)
    assert points[0.01]["reasons"] == ["a fraction of 0.01 of 6 references is none of them"]
    assert "published" in (tmp_path / "fig6.svg").read_text(encoding="utf-8")
    done = call("reproduce", "FIG7", *common, "--only", "aadb", "-f", "markdown", "--ratio", "0.9")
    assert done.returncode == 0, done.stderr
    assert "| b | AADB | offset | 0.5 | - | " in done.stdout
    assert "a random 0.9 of the anchors" in done.stdout
    assert "figure only" in done.stdout


def test_dry_run_prints_and_writes_nothing(call: Run, data: Path, tmp_path: Path) -> None:
    done = call("reproduce", "FIG4", "--data-root", data, "--indexes", "i", "--only", "aadb", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would run" in done.stdout
    assert f"would embed 24 images of '{data / 'AADB'}' as test--aadb--coca-vit-l-14--crop-224" in done.stdout
    assert "would load clip-vit-bigg-14" in done.stdout
    assert not (tmp_path / "i").exists()


def test_changed_data_are_refused(call: Run, tmp_path: Path) -> None:
    make_tid2013(tmp_path / "d" / "tid2013", n=3)
    make_kadis700k(tmp_path / "d" / "kadis700k", first=10)
    common = ("reproduce", "TABLE1", "--data-root", "d", "--indexes", "i", *LITE, *QUICK, "--only", "tid2013")
    assert call(*common).returncode == 0
    labels = tmp_path / "d" / "tid2013" / "mos_with_names.txt"
    labels.write_text(labels.read_text(encoding="utf-8").replace("0 i01", "1 i01", 1), encoding="utf-8")
    done = call(*common)
    assert done.returncode == 3
    assert "was built from other labels: the label files have changed" in done.stderr


def test_bad_input(call: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    table1 = ("reproduce", "TABLE1", "--indexes", "i")
    for arguments, code, words in (
        ((*table1, "--data-root", "empty"), 3, "nothing of TABLE1 could be run: no tid2013; no kadis700k; no kadid10k"),
        ((*table1, "--data-root", "nowhere"), 3, "no folder 'nowhere'"),
        ((*table1, "--data-root", data, "--only", "nosuch"), 3, "no data set is called 'nosuch'"),
        ((*table1, "--data-root", data, "--only", "csiq"), 3, "TABLE1 has no test set 'csiq'"),
        ((*table1, "--data-root", data, "--picture", "out.gif"), 3, ".png or .svg"),
        ((*table1, "--data-root", data, *LITE, "--weights", "nosuch", "--only", "tid2013"), 5, "no weights file"),
        ((*table1, "--data-root", data, "--weights", "file"), 2, "clip-vit-l-14"),
        ((*table1, "--data-root", data, *LITE, "--weights", "clip-rn50=file"), 2, ""),
        ((*table1, "--data-root", data, "--encoder", "clip-rn5", "--only", "tid2013"), 5, "did you mean clip-rn50"),
        (("reproduce", "FIG8", "--data-root", data), 2, ""),
        (("reproduce", "TABLE1"), 3, "there are no data to run over"),
        ((*table1, "--published", "empty"), 3, "quasar-index pull quasar:spaq_512 --raw empty"),
        ((*table1, "--published", "nowhere"), 3, "no folder 'nowhere'"),
    ):
        done = call(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert words in done.stderr
        assert done.stdout == ""
    listed = call(*table1, "--data-root", "empty").stderr
    assert "missing data set tad66k" in listed
    assert "labels/merge/train.csv" in listed


def test_names_are_those_of_the_library() -> None:
    from quasar_index.cli.reproduce import ProtocolName

    assert [one.value for one in ProtocolName] == list(qi.reproduction.PROTOCOLS)


def test_published_embeddings_need_no_image(call: Run, tmp_path: Path) -> None:
    for name, n in (("ava", 320), ("tad66k_224", 310), ("aadb", 60)):
        write_published(tmp_path / "p", name, n, dim=12, encoders=["clip-vit-l-14-laion2b"])
    common = ("--published", "p", "--indexes", "i", "--resamples", 50)
    done = call("reproduce", "adaptive", *common, "--picture", "adaptive.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "adaptive.png").stat().st_size > 10_000
    rows = [line for line in done.stdout.splitlines() if line.startswith("AVA ")]
    assert len(rows) == len(qi.reproduction.PROTOCOLS["ADAPTIVE"].experiments)
    assert all(" ran (" in row for row in rows)
    assert "0.859" in done.stdout.split("published for other methods or settings, not run here")[1]
    for words in (
        "not the paper's encoder: clip-vit-l-14-laion2b in place of clip-vit-l-14",
        "the authors' embeddings of TAD66k: CLIP-ViT-L-14 (laion2B-s32B-b82K), 224 px",
        "320 of 255,530 published images of AVA",
        "published '-': the paper's figure is of another setting",
    ):
        assert words in done.stdout
    # the same scores as those of indexes made of them
    index = qi.index.build_published(tmp_path / "tad", qi.datasets.read_published(tmp_path / "p" / "tad66k_224")).index
    tests = qi.datasets.read_published(tmp_path / "p" / "ava")
    scores = qi.Retrieval(16, space="raw").fit(index).score(tests.embeddings).score
    srcc = qi.srcc(scores, tests.source.records["score"].to_numpy())
    row = next(row for row in rows if row.split()[1:4] == ["per", "side", "16"])
    assert f" {srcc:.3f} [" in row
    fig4 = call("reproduce", "FIG4", *common, "--only", "aadb", "-f", "json")
    assert fig4.returncode == 0, fig4.stderr
    ran = [one for one in json.loads(fig4.stdout)["results"] if one["status"] == "ran"]
    assert [(one["encoder"], one["test_input"], one["published"]) for one in ran] == [
        ("clip-vit-l-14-laion2b", "crop-224", None)
    ]
    assert call("reproduce", "ADAPTIVE").returncode == 3


def test_grepqs_few_labels_with_the_offline_encoder(call: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_livewild(tmp_path / "data" / "livewild", 80)
    common = ("reproduce", "grepq-few", "--data-root", "data", "--indexes", "made", *LITE, "--device", "cpu")
    done = call(*common, "-f", "json", "--picture", "few.svg", "--only", "livewild")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert "GRepQ" in report["source"]
    found = {(one["series"], one["n_labels"]): one for one in report["results"]}
    assert set(found) == {(series, n) for series in ("GRepQ", "mean, closed form") for n in (50, 100, 200)}
    images = qi.rated_anchors(qi.AnchorIndex.open(next((tmp_path / "made").glob("test--livewild--*"))))
    for series, method in (("GRepQ", "ridge:rescale=false,space=raw"), ("mean, closed form", "mean")):
        (row,) = qi.validation.few_labels_of_images([qi.read_method(method)], images, (50,)).rows
        one = found[series, 50]
        assert (one["status"], one["method"], one["published"]) == ("ran", method, None)
        assert one["measured"]["srcc"] == row.spread("srcc").median > 0.5
        assert one["measured"]["high_quartile"] == row.spread("srcc").high_quartile
        assert (one["measured"]["n"], one["measured"]["n_anchors"]) == (16, 50)
        assert one["flags"][0] == "not the paper's encoder: efficientnet-lite0 in place of grepq"
    assert found["GRepQ", 100]["reasons"] == ["100 labels of a pool of 64 images (seed 0)"]
    assert "labels" in (tmp_path / "few.svg").read_text()
    # a second run embeds nothing, and scores nothing that ran
    monkeypatch.setattr("quasar_index.reproduction.indexes.load_encoder", None)
    asked: list[int] = []
    few_labels = qi.validation.few_labels_of_images
    monkeypatch.setattr(
        "quasar_index.reproduction.measure.few_labels_of_images",
        lambda methods, images, n_labels, **how: asked.extend(n_labels) or few_labels(methods, images, n_labels, **how),
    )
    table = call(*common, "--only", "livewild").stdout
    assert set(asked) == {100, 200}
    assert "published split unknown" in table
    assert "median SRCC (its quartiles) over seeded draws of labels" in table
    one = found["GRepQ", 50]["measured"]
    assert f"{one['srcc']:.3f} ({one['low_quartile']:.2f} to {one['high_quartile']:.2f})" in table


def test_grepqs_zero_shot_is_its_prompts(call: Run, tmp_path: Path) -> None:
    make_livewild(tmp_path / "data" / "livewild", 20)
    weights = tmp_path / "rn50.safetensors"
    save_rn50(weights)
    common = ("reproduce", "GREPQ-ZERO", "--data-root", "data", "--indexes", "made", "--only", "livewild", *QUICK)
    done = call(*common, "--encoder", "clip-rn50", "--weights", f"clip-rn50={weights}", "-f", "json")
    assert done.returncode == 0, done.stderr
    ran = [one for one in json.loads(done.stdout)["results"] if one["status"] == "ran"]
    encoder = qi.load_encoder("clip-rn50", weights=weights, device="cpu")
    anchors, _ = qi.methods.text_anchors(encoder, "a good photo.", "a bad photo.")
    images = qi.rated_anchors(qi.AnchorIndex.open(next((tmp_path / "made").glob("test--livewild--*"))))
    expected = qi.srcc(qi.Mean(space="raw").fit(anchors).score(images.embeddings).score, images.quality)
    assert ran
    for one in ran:
        assert one["method"] == "prompts"
        assert one["measured"]["srcc"] == pytest.approx(expected)
    lite = call(*common, *LITE)
    assert lite.returncode != 0
    assert "efficientnet-lite0 has no text tower" in lite.stderr


def test_grepqs_patch_distance_with_the_offline_encoder(call: Run, tmp_path: Path) -> None:
    make_livewild(tmp_path / "data" / "livewild", 20, side=144)
    common = ("reproduce", "grepq-zero", "--data-root", "data", "--indexes", "made", *LITE, *QUICK)
    early = call(*common, "--only", "livewild", "--dry-run")
    assert early.returncode == 3
    assert "lay undistorted, sharp photographs of yours as data/pristine/" in early.stderr
    for number, image in enumerate(photographs(144)[8:]):
        save(np.ascontiguousarray(image[::-1]), tmp_path / "data" / "pristine" / f"{number}.png")
    planned = call(*common, "--only", "livewild", "--dry-run")
    assert "choose patches of 'data/pristine'" in planned.stdout
    done = call(*common, "--only", "livewild", "-f", "json")
    assert done.returncode == 0, done.stderr
    found = {one["series"]: one for one in json.loads(done.stdout)["results"]}
    one = found["patch distance alone"]
    index = qi.AnchorIndex.open(tmp_path / "made" / "patches--pristine--efficientnet-lite0")
    rated = qi.rated_source(qi.load_source(f"livewild:{tmp_path / 'data' / 'livewild'}"))
    report, _ = qi.validation.evaluate_patches(
        [qi.methods.Patches()], index, rated, qi.load_encoder(device="cpu"), n_resamples=50
    )
    assert one["measured"]["srcc"] == pytest.approx(report.outcomes[0].figures["srcc"].value)
    assert (one["status"], one["method"], one["measured"]["n"]) == ("ran", "patches", 20)
    assert one["measured"]["n_anchors"] == len(index)
    assert f"{len(index)} patches of 'data/pristine' are the anchors" in one["flags"]
    for series in ("GRepQ", "prompts alone"):
        assert found[series]["reasons"] == ["efficientnet-lite0 has no text tower for prompts"]
    again = call(*common, "--only", "livewild", "-f", "json")
    assert "scoring the patches" not in again.stderr
    assert json.loads(again.stdout)["results"][1]["measured"] == one["measured"]
