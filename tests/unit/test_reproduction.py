"""The paper's protocols as declared: complete, consistent, and honest about what is missing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_datasets_published import make_kadis700k, make_tid2013

from quasar_index.datasets import DATASETS, load_source, read_author_embeddings
from quasar_index.encoders import ENCODERS
from quasar_index.encoders.spec import InputRule, parse_input
from quasar_index.errors import DataError, EncoderError, QuasarError
from quasar_index.methods import Clustering, Knn, Mean, Offset, Retrieval
from quasar_index.methods.prompts import PROMPT_PAIRS
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors
from quasar_index.reproduction import PROTOCOLS, PublishedFigure, find_protocol, reproduce, select_experiments
from quasar_index.reproduction.data import Need, draw_sample, find_root
from quasar_index.reproduction.declare import PRISTINE
from quasar_index.reproduction.embedded import EmbeddedSet
from quasar_index.reproduction.experiments import needs_of
from quasar_index.reproduction.indexes import Library
from quasar_index.reproduction.measure import Anchors, Store, measure, measure_few_labels
from quasar_index.reproduction.report import Measurement
from quasar_index.reproduction.shelf import Shelf
from quasar_index.statistics.correlation import srcc
from quasar_index.validation import RatedImages, few_labels_of_images
from tests.published import write_published, zip_published

# QUASAR, Table 1: SRCC of CLIP-IQA and of QUASAR, and the split where there are several
HEADLINE = {
    "tid2013": (0.503, 0.627, None),
    "kadid10k": (0.479, 0.670, None),
    "koniq10k": (0.695, 0.688, "test"),
    "livewild": (0.612, 0.637, "test"),
    "spaq": (0.738, 0.769, None),
    "pieapp": (0.288, 0.375, "test"),
    "aadb": (0.428, 0.453, None),
    "tad66k": (0.235, 0.375, "test"),
}
AESTHETICS = ("aadb", "tad66k")
OF_GREPQ = ("GREPQ-FEW", "GREPQ-ZERO")
OF_QUASAR = [name for name in PROTOCOLS if name not in OF_GREPQ]
EVERY = [(name, one) for name, protocol in PROTOCOLS.items() for one in protocol.experiments]


def test_table1_is_the_papers():
    cells = {(one.test, one.series): one for one in PROTOCOLS["TABLE1"].experiments}
    assert len(cells) == len(PROTOCOLS["TABLE1"].experiments) == 16
    for test, (clip_iqa, quasar, split) in HEADLINE.items():
        baseline, ours = cells[test, "CLIP-IQA"], cells[test, "QUASAR"]
        assert (baseline.published.value, ours.published.value) == (clip_iqa, quasar)
        assert baseline.published.source == ours.published.source == "Table 1"
        assert baseline.split == ours.split == split
        native = "shorter-side=512" if test == "spaq" else "native"
        assert (baseline.anchors, baseline.encoder, baseline.test_input) == (None, "clip-rn50", native)
        if test in AESTHETICS:
            expected = ("ava", "clip-vit-l-14", "crop-224", "crop-224", Clustering(100, space="raw"))
        else:
            expected = ("kadis700k", "clip-rn50", "native", native, Mean(space="raw"))
        assert (ours.anchors, ours.encoder, ours.anchor_input, ours.test_input, ours.method) == expected
        assert (ours.fraction, ours.n_draws) == (1, 1)
    others = PROTOCOLS["TABLE1"].others
    assert others["BRISQUE"]["koniq10k"] == 0.705
    assert others["BLINDS-II"]["livewild"] == 0.090
    assert others["NIMA (trained)"] == {"aadb": 0.612, "tad66k": 0.390}


@pytest.mark.parametrize("name", OF_QUASAR)
def test_declarations_name_what_exists(name):
    protocol = find_protocol(name.lower())
    assert protocol.experiments
    assert len(set(protocol.experiments)) == len(protocol.experiments)
    for one in protocol.experiments:
        assert one.split is None or one.split in DATASETS[one.test].splits
        assert one.split == HEADLINE.get(one.test, (0, 0, None))[2]
        entry = ENCODERS[one.encoder]
        for rule in (one.test_input, one.anchor_input):
            assert rule is None or str(parse_input(rule, InputRule("none"))) == rule
        if one.anchors is None:
            assert entry.text
            assert one.series.startswith("CLIP-IQA")
        else:
            assert one.anchor_input is not None
            assert DATASETS[one.anchors].has_references == (one.anchors not in ("ava", "tad66k"))
        assert (one.x is None) == (protocol.x_label == "")
        assert 0 < one.fraction <= 1
        assert one.n_draws == 1 or one.fraction < 1
        assert (one.published.value is None) != one.published.source.startswith("Table 1")


def test_figures_have_a_published_value_only_where_table_1_has_the_same_setting():
    def setting(one):
        return replace(one, panel="", series="", x=None, note="", published=PublishedFigure())

    table = {repr(setting(one)): one.published.value for one in PROTOCOLS["TABLE1"].experiments}
    counted = dict.fromkeys(OF_QUASAR, 0)
    for name, one in (pair for pair in EVERY if pair[0] in OF_QUASAR):
        if one.published.value is not None:
            assert one.published.value == table[repr(setting(one))]
            counted[name] += 1
        elif name != "FIG4":
            assert one.anchors is None or repr(setting(one)) not in table
    assert counted == {"TABLE1": 16, "FIG4": 0, "FIG5": 12, "FIG6": 6, "FIG7": 2, "ADAPTIVE": 0}


def test_what_the_figures_vary():
    fig4 = PROTOCOLS["FIG4"].experiments
    assert {one.test_input for one in fig4} == {one.anchor_input for one in fig4 if one.anchors} == {"crop-224"}
    assert len({one.encoder for one in fig4}) == 7
    assert {one.anchors for one in fig4 if one.panel == "a"} == {None, "pipal", "kadis700k"}
    assert {one.anchors for one in fig4 if one.panel == "b"} == {None, "ava"}
    assert {one.x for one in PROTOCOLS["FIG5"].experiments} == {"224", "512", "native"}
    fig6 = PROTOCOLS["FIG6"].experiments
    assert {one.anchors for one in fig6} == {"pipal", "kadis700k"}
    assert min(one.fraction * 200 for one in fig6 if one.anchors == "pipal") == 1  # a single reference
    panels = {panel: [one for one in PROTOCOLS["FIG7"].experiments if one.panel == panel] for panel in "abc"}
    assert all(isinstance(one.method, Offset) and one.method.offset == one.x for one in panels["b"])
    assert all(isinstance(one.method, Clustering) and one.method.n_clusters == one.x for one in panels["c"])
    assert 0.3 in {one.fraction for one in panels["a"]}  # "only 30% of datasets", section 4.2


@pytest.mark.parametrize("name", OF_GREPQ)
def test_grepqs_declarations_name_what_exists_and_no_figure_that_is_not_checked(name):
    protocol = find_protocol(name.lower())
    assert "2312.04838" in protocol.paper
    assert not protocol.others
    assert len(set(protocol.experiments)) == len(protocol.experiments)
    for one in protocol.experiments:
        assert DATASETS[one.test].size
        assert (one.split, one.test_input) == (None, "native")
        assert (one.anchors == PRISTINE) == one.method.takes_patches
        assert one.anchors in (None, PRISTINE)
        assert one.published.value is None
        assert (one.n_labels is None) == (name == "GREPQ-ZERO")
        assert one.prompts in PROMPT_PAIRS
        assert one.encoder in ENCODERS
        assert ENCODERS[one.prompt_encoder or "grepq-high"].text
        assert bool(one.note) == (one.test != "koniq10k")


def test_grepqs_few_labels_are_its_regression():
    protocol = PROTOCOLS["GREPQ-FEW"]
    assert {(one.n_labels, one.x, one.n_draws) for one in protocol.experiments} == {
        (50, "50", 10), (100, "100", 10), (200, "200", 10)
    }  # fmt: skip
    theirs = [one for one in protocol.experiments if one.series.startswith("GRepQ")]
    assert {str(one.method) for one in theirs} == {"ridge:rescale=false,space=raw"}
    assert theirs[0].method.alphas == (0.1, 1, 10, 100)
    assert {one.series: one.encoder for one in theirs} == {
        "GRepQ": "grepq", "GRepQ, high level": "grepq-high", "GRepQ, low level": "grepq-low"
    }  # fmt: skip
    assert "published split unknown" in protocol.notes[0]
    lite = select_experiments(protocol, only=["livewild"], encoder="efficientnet-lite0")
    assert [(one.series, one.x) for one in lite] == [
        (series, x) for series in ("GRepQ", "mean, closed form") for x in ("50", "100", "200")
    ]
    assert {(one.encoder, one.replaces, one.test_input) for one in lite} == {("efficientnet-lite0", "grepq", None)}


def test_grepqs_zero_shot_is_the_sum_and_its_parts():
    cells = {one.series: one for one in PROTOCOLS["GREPQ-ZERO"].experiments if one.test == "livewild"}
    settings = {name: (one.encoder, one.prompt_encoder, str(one.method), one.prompts) for name, one in cells.items()}
    assert settings == {
        "GRepQ": ("grepq-low", "grepq-high", "patches:prompts", "grepq"),
        "patch distance alone": ("grepq-low", None, "patches", "grepq"),
        "prompts alone": ("grepq-high", None, "mean:space=raw", "grepq"),
        "prompts alone, before training": ("clip-rn50", None, "mean:space=raw", "grepq"),
    }
    lite = select_experiments(PROTOCOLS["GREPQ-ZERO"], only=["livewild"], encoder="efficientnet-lite0")
    assert [one.series for one in lite] == list(cells)
    assert {(one.encoder, one.prompt_encoder) for one in lite} == {("efficientnet-lite0", None)}


def test_labels_are_measured_as_few_labels():
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(90, 6)).astype(np.float32)
    columns = {"dataset": ["own"] * 90, "reference": [f"r{i // 3}" for i in range(90)]}
    images = RatedImages("own", embeddings, embeddings[:, 0] + rng.normal(size=90), list(map(str, range(90))), columns)
    method = PROTOCOLS["GREPQ-FEW"].experiments[0].method
    found = measure_few_labels(images, method, [20, 50, 80], n_draws=4, seed=1)
    report = few_labels_of_images([method], images, (20, 50), n_seeds=4, seed=1)
    for row in report.rows:
        one, spread = found[row.n_labels], row.spread("srcc")
        assert (one.srcc, one.low_quartile, one.high_quartile) == (
            spread.median, spread.low_quartile, spread.high_quartile
        )  # fmt: skip
        assert one.plcc == row.spread("plcc").median
        assert (one.n, one.n_anchors, one.n_groups, one.low) == (18, row.n_labels, 30, None)
    assert "80 labels of a pool of 72 images" in str(found[80])
    assert found == measure_few_labels(images, method, [20, 50, 80], n_draws=4, seed=1) | {80: found[80]}


def test_selecting_and_substituting():
    protocol = PROTOCOLS["TABLE1"]
    assert {one.test for one in select_experiments(protocol, only=["LIVEitW", "tid2013"])} == {"livewild", "tid2013"}
    for names, words in ((["nosuch"], "no data set"), (["csiq"], "TABLE1 has no test set 'csiq'")):
        with pytest.raises(DataError, match=words):
            select_experiments(protocol, only=names)
    with pytest.raises(DataError, match="one of TABLE1, FIG4"):
        find_protocol("FIG8")
    lite = select_experiments(protocol, encoder="efficientnet-lite0")
    assert {(one.test, one.series, one.published) for one in lite} == {
        (one.test, one.series, one.published) for one in protocol.experiments
    }
    assert {(one.encoder, one.test_input, one.anchor_input) for one in lite} == {("efficientnet-lite0", None, None)}
    assert {one.replaces for one in lite} == {"clip-rn50", "clip-vit-l-14"}
    # one's own encoder stays as it is
    own = select_experiments(protocol, only=["spaq"], encoder="clip-rn50")
    assert own == select_experiments(protocol, only=["spaq"])
    # experiments that differed by their encoder alone become one
    assert len(select_experiments(PROTOCOLS["FIG4"], only=["tid2013"], encoder="efficientnet-lite0")) == 3
    fig5 = select_experiments(PROTOCOLS["FIG5"], only=["tid2013"], encoder="efficientnet-lite0")
    assert [(one.series, one.x, one.test_input, one.published.value) for one in fig5 if one.anchors] == [
        ("QUASAR", "224", "crop-224", None),
        ("QUASAR", "512", "shorter-side=512", None),
        ("QUASAR", "native", "native", 0.627),
    ]


def test_what_is_missing_is_listed_with_how_to_get_it(tmp_path):
    found = reproduce("TABLE1", tmp_path, indexes=tmp_path / "indexes")
    assert found.count("missing") == 16
    named = {one.name: one for one in found.missing}
    assert set(named) == {*HEADLINE, "kadis700k", "ava"}
    for name, one in named.items():
        text = "\n".join(one.how)
        assert DATASETS[name].homepage in text
        assert f"{tmp_path / name}/" in text
        assert all(line in text for line in DATASETS[name].tree.splitlines())
    assert "quasar-index pull quasar:kadis700k --raw DIR" in named["kadis700k"].how
    by_test = {(one.experiment.test, one.experiment.series): one for one in found.results}
    assert by_test["spaq", "QUASAR"].reasons == ("no spaq", "no kadis700k")
    assert not (tmp_path / "indexes").exists()
    assert json.loads(json.dumps(found.to_dict()))["results"][1]["method"] == "mean:space=raw"


def test_folders_by_name_title_or_alias(tmp_path):
    for folder, name in (("KonIQ-10k", "koniq10k"), ("LIVEitW", "livewild"), ("TAD66K", "tad66k")):
        (tmp_path / folder).mkdir()
        assert find_root(tmp_path, DATASETS[name]) == tmp_path / folder
    (tmp_path / "livewild").mkdir()
    assert find_root(tmp_path, DATASETS["livewild"]) == tmp_path / "livewild"
    assert find_root(tmp_path, DATASETS["spaq"]) is None


def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path):
    make_tid2013(tmp_path / "TID2013")
    make_kadis700k(tmp_path / "kadis700k")
    found = reproduce("TABLE1", tmp_path, indexes=tmp_path / "i", only=["tid2013"], dry_run=True, encoder="clip-rn50")
    assert found.count("planned") == 2
    steps = found.results[1].reasons
    assert steps[0].startswith("load clip-rn50")
    assert steps[1:] == (
        f"embed 3 images of '{tmp_path / 'TID2013'}' as test--tid2013--clip-rn50--native",
        f"embed 6 images of '{tmp_path / 'kadis700k'}' as anchors--kadis700k--clip-rn50--native",
    )
    assert not (tmp_path / "i").exists()
    (tmp_path / "TID2013" / "mos_with_names.txt").write_text("nonsense\n")
    found = reproduce("TABLE1", tmp_path, indexes=tmp_path / "i", only=["tid2013"], dry_run=True)
    assert found.count("failed") == 2
    assert "mos_with_names.txt" in found.results[0].reasons[0]


def test_weights_that_cannot_be_had_are_missing(tmp_path, monkeypatch):
    make_tid2013(tmp_path / "tid2013")
    make_kadis700k(tmp_path / "kadis700k")
    tried = []

    def fail(name, **_):
        tried.append(name)
        raise EncoderError(f"the weights of '{name}' cannot be had here", "...")

    monkeypatch.setattr("quasar_index.reproduction.indexes.load_encoder", fail)
    found = reproduce("FIG5", tmp_path, indexes=tmp_path / "i", only=["tid2013"])
    assert found.count("missing") == len(found.results) == 12
    assert tried == ["clip-rn50-pos", "clip-rn50"]  # once each, however many input rules
    assert {one.name: one.kind for one in found.missing} == {"clip-rn50": "weights", "clip-rn50-pos": "weights"}
    assert "then --weights clip-rn50=FILE" in found.missing[1].how
    assert found.results[-1].reasons == ("no weights of clip-rn50",)


def test_bad_requests(tmp_path):
    for options, words in (
        ({"sample": 0}, "sample of 0"),
        ({"ratio": 0.0}, "not in"),
        ({"ratio": 2.0}, "not in"),
        ({"only": ["nosuch"]}, "no data set"),
    ):
        with pytest.raises(DataError, match=words):
            reproduce("TABLE1", tmp_path, **options)
    with pytest.raises(DataError, match="no folder"):
        reproduce("TABLE1", tmp_path / "nothing")


def test_a_sample_keeps_versions_of_a_reference_together(tmp_path):
    lines = [f"ref_imgs/r{i}.png" for i in range(8)]
    lines += [f"dist_imgs/r{i}_{kind:02d}_01.png" for i in range(8) for kind in (1, 2)]
    for line in lines:
        (tmp_path / line).parent.mkdir(exist_ok=True)
        (tmp_path / line).write_text("")
    source = load_source(f"kadis700k:{tmp_path}")
    part, rows = draw_sample(source, 3, seed=1)
    references = part.records["reference"].to_pylist()
    assert len(part) == len(rows) == 9
    assert sorted(references.count(one) for one in set(references)) == [3, 3, 3]
    assert draw_sample(source, 3, seed=1)[0].records.equals(part.records)
    assert not draw_sample(source, 3, seed=2)[0].records.equals(part.records)
    assert draw_sample(source, 8, seed=1) == (source, None)


def test_adaptive_anchors_are_a_search_beside_statics_and_baselines():
    protocol = PROTOCOLS["ADAPTIVE"]
    methods = [one.method for one in protocol.experiments]
    assert {(one.anchors, one.test, one.split) for one in protocol.experiments} == {("tad66k", "ava", None)}
    assert len(set(map(str, methods))) == len(methods)
    for needed in (
        Mean(space="raw"), Mean(), Clustering(100, space="raw"), Retrieval(), Knn(16, space="raw"),
        Retrieval(16, space="raw"), Retrieval(64, space="raw", blend=0.5), Retrieval(4),
        Retrieval(256, space="raw", similarity_temperature=0.05, rating_power=1.0),
        Retrieval(64, mode="joint", space="raw"), Retrieval(64, mode="joint", division="local", space="raw"),
    ):  # fmt: skip
        assert needed in methods
    # the printed figure is of a setting that the paper does not give: it stands beside no row
    assert {one.published.value for one in protocol.experiments} == {None}
    assert list(protocol.others.values()) == [{"ava": 0.859}]


def test_published_embeddings_stand_in_for_images(tmp_path):
    write_published(tmp_path / "data" / "embeddings", "kadis700k", 60, dim=8)
    need = Need("anchors", "kadis700k", None, "clip-rn50", "native")
    shelf = Shelf.open(tmp_path / "data")
    library = Library(None, tmp_path / "i", shelf)
    found = library.get(need)
    assert isinstance(found, EmbeddedSet)
    anchors = found.anchors()
    assert (anchors.n_good, anchors.n_bad, found.n) == (6, 54, 54)
    references = found.references(anchors)
    assert len(set(references)) == 6
    assert len(anchors.subsample(0.5, references=references)) == 30  # drawn by reference
    assert found.flags[0] == "the authors' embeddings of KADIS-700k: CLIP-RN50_no-pos (openai), native size"
    assert Library(None, tmp_path / "i", shelf).get(need).key == found.key
    part = Library(None, tmp_path / "i", shelf, sample=2).get(need)
    assert len(part.anchors()) == 20
    assert part.key != found.key
    for other in (
        replace(need, encoder="clip-vit-l-14"),
        replace(need, input="crop-224"),
        replace(need, dataset="ava"),
    ):
        assert library.missing(other) is not None
    # a folder `embeddings` of the data root is found without being named
    planned = reproduce("FIG6", tmp_path / "data", only=["tid2013"], dry_run=True, indexes=tmp_path / "i")
    assert {one.name for one in planned.missing} == {"tid2013", "pipal"}


def missing_of(found):
    return {one.name: "\n".join(one.how) for one in found.missing}


def test_what_stands_in_is_marked_and_has_no_published_figure(tmp_path):
    for name in ("pipal", "kadis700k", "tid2013_224", "spaq", "spaq_512", "koniq10k"):
        write_published(tmp_path / "p", name, 60, dim=8)
    for name in ("ava", "tad66k_224", "aadb"):
        write_published(tmp_path / "p", name, 240, dim=8, encoders=["clip-vit-l-14-laion2b"])
    options = {"published": tmp_path / "p", "indexes": tmp_path / "i", "n_resamples": 50, "dry_run": True}
    cells = {(one.experiment.test, one.experiment.series): one for one in reproduce("TABLE1", **options).results}
    tid = cells["tid2013", "QUASAR"]
    assert (tid.status, tid.experiment.test_input, tid.experiment.published.value) == ("planned", "crop-224", None)
    assert tid.flags == ("not the paper's setting: TID2013 at 224 px in place of native size",)
    spaq = cells["spaq", "QUASAR"]  # at 512 px, as in the paper
    assert (spaq.experiment.test_input, spaq.experiment.published.value, spaq.flags) == ("shorter-side=512", 0.769, ())
    assert "spaq_512" in spaq.reasons[1]
    assert "spaq_512" in cells["spaq", "CLIP-IQA"].reasons[1]
    assert cells["koniq10k", "QUASAR"].experiment.published.value == 0.688
    tad = cells["tad66k", "QUASAR"]
    assert (tad.experiment.encoder, tad.experiment.published.value) == ("clip-vit-l-14-laion2b", None)
    assert tad.flags == ("not the paper's encoder: clip-vit-l-14-laion2b in place of clip-vit-l-14",)
    # where the resolution of tests is what a figure varies, no other one stands in; where towers are, no other tower
    fig5 = reproduce("FIG5", only=["tid2013", "koniq10k"], encoder="clip-rn50", **options)
    ours = {(one.experiment.test, one.experiment.x): one for one in fig5.results if one.experiment.anchors}
    assert {key: one.status for key, one in ours.items()} == {
        ("tid2013", "224"): "planned", ("tid2013", "512"): "missing", ("tid2013", "native"): "missing",
        ("koniq10k", "224"): "missing", ("koniq10k", "512"): "missing", ("koniq10k", "native"): "planned",
    }  # fmt: skip
    assert "KADIS-700k at native size in place of 224 px" in ours["tid2013", "224"].flags[0]
    assert ours["koniq10k", "native"].experiment.published.value == 0.688
    fig4 = reproduce("FIG4", only=["aadb"], **options)
    assert {one.experiment.encoder for one in fig4.results if one.status == "planned"} == {"clip-vit-l-14-laion2b"}
    # an encoder that the user asked for is not the paper's, whatever its input rule
    (tid,) = (one for one in reproduce("TABLE1", only=["tid2013"], encoder="clip-rn50-pos", **options).results
              if one.experiment.anchors)  # fmt: skip
    assert (tid.status, tid.experiment.published.value) == ("missing", 0.627)
    write_published(tmp_path / "p", "tid2013_224", 60, dim=8, encoders=["clip-rn50-pos"])
    write_published(tmp_path / "p", "kadis700k", 60, dim=8, encoders=["clip-rn50-pos"])
    (tid,) = (one for one in reproduce("TABLE1", only=["tid2013"], encoder="clip-rn50-pos", **options).results
              if one.experiment.anchors)  # fmt: skip
    assert (tid.status, tid.experiment.published.value, tid.experiment.test_input) == ("planned", None, "crop-224")
    assert tid.flags == ("not the paper's encoder: clip-rn50-pos in place of clip-rn50",)
    # run, the split of KonIQ-10k is not told: its figure goes, too
    ran = reproduce("TABLE1", only=["koniq10k", "spaq"], **options | {"dry_run": False})
    cells = {(one.experiment.test, one.experiment.series): one for one in ran.results}
    assert cells["koniq10k", "QUASAR"].status == cells["spaq", "QUASAR"].status == "ran"
    assert cells["koniq10k", "QUASAR"].experiment.published.value is None
    assert cells["spaq", "QUASAR"].experiment.published.value == 0.769
    again = reproduce("TABLE1", only=["koniq10k", "spaq"], **options | {"dry_run": False})
    assert [one.to_dict() for one in again.results] == [one.to_dict() for one in ran.results]


def test_what_published_embeddings_lack_is_listed_with_how_to_get_it(tmp_path):
    write_published(tmp_path / "p", "ava", 60, dim=8, encoders=["clip-vit-l-14-laion2b"])
    zip_published(write_published(tmp_path / "other", "tad66k_224", 20, dim=8), tmp_path / "p" / "tad66k_224.zip")
    found = reproduce("ADAPTIVE", published=tmp_path / "p", indexes=tmp_path / "i")
    assert list(missing_of(found)) == ["tad66k"]
    assert missing_of(found)["tad66k"].startswith(
        f"quasar-index pull {tmp_path / 'p' / 'tad66k_224.zip'} --raw {tmp_path / 'p'}\n"
    )
    found = reproduce("TABLE1", published=tmp_path / "p", indexes=tmp_path / "i", only=["spaq", "koniq10k"])
    assert missing_of(found)["spaq"].startswith(f"quasar-index pull quasar:spaq_512 --raw {tmp_path / 'p'}\n")
    assert "pull quasar:koniq10k --raw" in missing_of(found)["koniq10k"]
    with pytest.raises(DataError, match="there are no data to run over; --data-root DIR"):
        reproduce("ADAPTIVE")
    with pytest.raises(DataError, match="no folder"):
        reproduce("ADAPTIVE", published=tmp_path / "nowhere")


def test_adaptive_anchors_over_published_embeddings(tmp_path):
    for name, n in (("ava", 700), ("tad66k_224", 620)):
        write_published(tmp_path, name, n, dim=8, encoders=["clip-vit-l-14-laion2b"], labels_file=name == "ava")
    steps = []
    found = reproduce(
        "ADAPTIVE", published=tmp_path, indexes=tmp_path / "i", n_resamples=50, seed=3, on_step=steps.append
    )
    assert found.count("ran") == len(found.results)
    source, queries = read_author_embeddings(
        *(next((tmp_path / "ava").glob(f"ava*.{ending}")) for ending in ("pt", "json")), tmp_path / "ava/labels.json"
    )
    known, matrix = read_author_embeddings(
        *(next((tmp_path / "tad66k_224").glob(f"*.{ending}")) for ending in ("pt", "json"))
    )
    anchors = make_anchors(matrix, quality=known.records["score"].to_numpy())
    ratings = source.records["score"].to_numpy()
    for one in found.results:
        expected = srcc(one.experiment.method.fit(anchors).score(queries).score, ratings)
        assert one.measured.srcc == pytest.approx(expected, abs=1e-5), one.experiment.series
        assert one.measured.low <= one.measured.srcc <= one.measured.high
        assert (one.measured.n, one.measured.n_anchors, one.measured.n_overlap) == (700, 620, 0)
        assert one.experiment.published.value is None
        assert one.flags[0] == "not the paper's encoder: clip-vit-l-14-laion2b in place of clip-vit-l-14"
    assert sum("scoring" in step for step in steps) == 7  # searches of one space are one step
    steps.clear()
    again = reproduce(
        "ADAPTIVE", published=tmp_path, indexes=tmp_path / "i", n_resamples=50, seed=3, on_step=steps.append
    )
    assert [one.to_dict() for one in again.results] == [one.to_dict() for one in found.results]
    assert not any("scoring" in step for step in steps)


def test_what_cannot_be_used_names_its_file(tmp_path):
    for name in ("ava", "tad66k_224"):
        place = write_published(tmp_path, name, 60, dim=8, encoders=["clip-vit-l-14-laion2b"])
    tensor = next(place.glob("*.pt"))
    matrix = torch.load(tensor)
    matrix[7, 3] = float("nan")
    torch.save(matrix, tensor)
    found = reproduce("ADAPTIVE", published=tmp_path, indexes=tmp_path / "i", n_resamples=50)
    assert f"row 7 of '{tensor}' has NaN" in found.results[0].reasons[0]
    place = write_published(tmp_path, "ava", 60, dim=8, encoders=["clip-vit-l-14-laion2b"], labels_file=True)
    (place / "labels.json").unlink()
    write_published(tmp_path, "tad66k_224", 60, dim=8, encoders=["clip-vit-l-14-laion2b"])
    found = reproduce("ADAPTIVE", published=tmp_path, indexes=tmp_path / "i", n_resamples=50)
    assert found.results[0].reasons[0].startswith("the embeddings of ava have no scores; put labels.json")


def test_test_images_that_are_anchors_are_told_by_their_embeddings(tmp_path):
    place = write_published(tmp_path, "ava", 300, dim=8, encoders=["clip-vit-l-14-laion2b"])
    other = write_published(tmp_path, "tad66k_224", 300, dim=8, encoders=["clip-vit-l-14-laion2b"])
    for ending in ("pt", "json"):
        next(other.glob(f"*.{ending}")).write_bytes(next(place.glob(f"*.{ending}")).read_bytes())
    found = reproduce("ADAPTIVE", published=tmp_path, indexes=tmp_path / "i", n_resamples=50)
    assert "leak: 300 test images are anchors themselves" in found.results[0].flags


@pytest.fixture
def scored():
    rng = np.random.default_rng(3)
    n = 40
    references = np.repeat([f"r{i}" for i in range(10)], 4)
    matrix = rng.normal(size=(n, 16)).astype(np.float32)
    is_good = np.arange(n) % 4 == 0
    matrix[is_good, 0] += 1
    table = make_anchors(matrix, is_good=is_good, ids=[f"{i:03d}" for i in range(n)])
    order = [int(key) for key in table.ids.tolist()]
    tests = rng.normal(size=(25, 16)).astype(np.float32)
    quality = tests[:, 0] + rng.normal(size=25)
    images = RatedImages("t", tests, quality, [f"t{i}" for i in range(25)], {"reference": [i % 5 for i in range(25)]})
    return table, references[order], images


def test_measuring_is_scoring_and_correlating(scored):
    table, references, images = scored
    common = {"n_resamples": 50, "seed": 7}
    anchors = Anchors(table, 0.07, references)
    raw = Mean(space="raw")
    found = measure(anchors, [raw], {"t": images}, fraction=1.0, n_draws=5, **common)[str(raw), "t"]
    expected = srcc(Scorer(table, Mean(space="raw")).score_embeddings(images.embeddings).score, images.quality)
    assert found.srcc == pytest.approx(expected)
    assert found.low < found.srcc < found.high
    assert (found.spread, found.n, found.n_anchors, found.n_groups, found.n_overlap) == (None, 25, 40, 5, 0)
    drawn = measure(anchors, [raw], {"t": images}, fraction=0.3, n_draws=4, **common)[str(raw), "t"]
    each = []
    for seed in range(7, 11):
        part = table.subsample(0.3, seed=seed, references=references)
        each.append(srcc(Scorer(part, Mean(space="raw")).score_embeddings(images.embeddings).score, images.quality))
    assert drawn.srcc == pytest.approx(np.mean(each))
    assert drawn.spread == pytest.approx(np.std(each, ddof=1))
    assert (drawn.low, drawn.n_anchors) == (None, 12)
    # a leak is counted; errors are those of one experiment
    again = replace(images, ids=["000", *images.ids[1:]])
    leaked = measure(Anchors(table, 0.07), [Mean()], {"t": again}, fraction=1.0, n_draws=1, **common)
    assert leaked["mean", "t"].n_overlap == 1
    for method, fraction, words in (
        (Mean(), 0.01, "is none of them"),
        (Clustering(20), 1.0, "20 clusters"),
        (Offset(), 1.0, "opinion score"),
    ):
        (failed,) = measure(anchors, [method], {"t": images}, fraction=fraction, n_draws=1, **common).values()
        assert isinstance(failed, QuasarError)
        assert words in str(failed)


def test_results_are_kept_and_cut_lines_are_measured_again(tmp_path):
    file = tmp_path / "results.jsonl"
    one = Measurement(0.5, 0.4, 0.6, None, 10, 20, n_groups=5)
    Store(file).put("a", one)
    with file.open("a") as stream:
        stream.write('{"key": "b", "measu')
    assert Store(file).get("a") == one
    assert Store(file).get("b") is None


def test_indexes_tell_apart_what_differs(tmp_path):
    library = Library(tmp_path, tmp_path)
    needs = {need for _, one in EVERY for need in needs_of(one)}
    assert len({library.path(need) for need in needs}) == len(needs)
    need = Need("anchors", "ava", None, "clip-vit-l-14", None)
    assert library.path(need) == library.path(replace(need, input="crop-224"))
    assert Library(tmp_path, tmp_path, sample=5).path(need) != library.path(need)
    assert isinstance(library.path(need), Path)
