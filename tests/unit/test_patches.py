"""Patches of pristine images: their choice, the distance to them, and scoring by them."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.encoders import PatchEncoder, embedding_cache
from quasar_index.encoders.pipeline import encode_files
from quasar_index.images import PatchRule, choose_patches, cut_patches, patch_colourfulness, patch_sharpness
from quasar_index.methods import FittedPatches, Patches
from quasar_index.methods.patches import PatchGaussian
from tests.unit.conftest import photo

SIZE = 24
RULE = PatchRule(SIZE)


def plain_distance(pristine, own, ridge=0.001):
    """The formula, term by term; one patch has no covariance."""
    spread = np.cov(own, rowvar=False) if len(own) > 1 else np.zeros((own.shape[1],) * 2)
    middle = (np.cov(pristine, rowvar=False) + spread) / 2 + ridge * np.eye(own.shape[1])
    difference = pristine.mean(axis=0) - own.mean(axis=0)
    return math.sqrt(difference @ np.linalg.solve(middle, difference))


def plain_sharpness(patch):
    """Local standard deviations by loops over pixels, black beyond the edge."""
    grey = (0.2989 * patch[..., 0] + 0.587 * patch[..., 1] + 0.114 * patch[..., 2]) / 255
    weights = np.array([[math.exp(-(i * i + j * j) / (2 * (7 / 6) ** 2)) for j in range(-3, 4)] for i in range(-3, 4)])
    weights /= weights.sum()
    padded = np.pad(grey, 3)
    total = 0.0
    for i in range(grey.shape[0]):
        for j in range(grey.shape[1]):
            window = padded[i : i + 7, j : j + 7]
            total += math.sqrt(abs((weights * window**2).sum() - (weights * window).sum() ** 2))
    return total


def plain_colourfulness(patch):
    red, green, blue = (patch[..., channel].astype(float).ravel() / 255 for channel in range(3))
    rg, yb = abs(red - green), abs(0.5 * (red + green) - blue)

    def sd(values):
        return math.sqrt(((values - values.mean()) ** 2).sum() / (len(values) - 1))

    return math.sqrt(sd(rg) ** 2 + sd(yb) ** 2) + math.sqrt(rg.mean() ** 2 + yb.mean() ** 2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "indexes"))
    for i in range(6):
        Image.fromarray(photo(80, 110, i)).save(f"pristine{i}.png")
    for i in range(6):
        pixels = photo(80, 110, 50 + i).astype(float)
        Image.fromarray((128 + (pixels - 128) / (1 + i)).astype(np.uint8)).save(f"query{i}.png")
    return tmp_path


@pytest.fixture
def source(folder):
    return qi.datasets.choose_pristine_patches([f"pristine{i}.png" for i in range(6)], RULE)


@pytest.fixture
def index(source, tiny_encoder):
    return qi.build_index("patches", [source], tiny_encoder()).index


QUERIES = [f"query{i}.png" for i in range(6)]


# --- the choice of patches ---


def test_sharpness_and_colourfulness_are_those_of_a_plain_recomputation():
    patches = cut_patches(photo(48, 72, 3), SIZE)
    assert patch_sharpness(patches) == pytest.approx([plain_sharpness(one) for one in patches], abs=1e-6)
    assert patch_colourfulness(patches) == pytest.approx([plain_colourfulness(one) for one in patches], abs=1e-9)


@pytest.mark.parametrize("rule", [RULE, PatchRule(SIZE, 0.95, 0.5), PatchRule(SIZE, 0.3, 0.95), PatchRule(SIZE, 0, 0)])
def test_patches_are_chosen_as_by_plain_loops(rule):
    image = photo(80, 120, 7)
    image[:, :40] //= 2
    image[40:, :, 1] = image[40:, :, 0]
    patches = [
        image[top : top + SIZE, left : left + SIZE]
        for top in range(0, 80 - SIZE + 1, SIZE)
        for left in range(0, 120 - SIZE + 1, SIZE)
    ]
    assert np.array_equal(cut_patches(image, SIZE), np.stack(patches))
    sharpness = [plain_sharpness(one) for one in patches]
    sharp = [n for n, value in enumerate(sharpness) if value > rule.sharpness * max(sharpness)]
    colour = {n: plain_colourfulness(patches[n]) for n in sharp}
    expected = [n for n in sharp if colour[n] > rule.colourfulness * max(colour.values())]
    assert choose_patches(np.stack(patches), rule).tolist() == expected
    assert expected


def test_images_that_give_no_patch_are_told(folder):
    Image.new("RGB", (60, 60), "black").save("flat.png")
    Image.fromarray(photo(60, 60, 1)).convert("L").save("grey.png")
    Image.fromarray(photo(20, 60, 1)).save("small.png")
    source = qi.datasets.choose_pristine_patches(["flat.png", "grey.png", "small.png", "lost.png", "query0.png"], RULE)
    assert set(source.records["reference"].to_pylist()) == {"query0.png"}
    assert source.patches["n_images"] == 1
    told = " / ".join(source.warnings)
    assert "2 images without a patch: it has no colour" in told
    assert "60 x 20 pixels are smaller than a patch of 24 x 24" in told
    assert "cannot be read" in told
    with pytest.raises(qi.DataError, match=r"no patch of 2 images is chosen; the first, 'grey\.png'"):
        qi.datasets.choose_pristine_patches(["grey.png", "small.png"], RULE)


def test_a_patch_has_a_path_by_which_it_is_read(source):
    rows = source.records.select(["path", "reference", "left", "top"]).to_pylist()
    assert len(rows) == len({row["path"] for row in rows}) > 6
    for row in rows:
        pixels = np.asarray(Image.open(row["reference"]))[row["top"] :, row["left"] :][:SIZE, :SIZE]
        assert np.array_equal(qi.images.decode(qi.images.read_image_bytes(row["path"])), pixels)
    with pytest.raises(qi.ImageError, match="the image has no such patch"):
        qi.images.read_image_bytes("query0.png::24x24+100+0")
    Image.new("RGB", (8, 8), "blue").save("a.png::8x8+0+0", "PNG")  # a file that is called so is that file
    assert qi.images.decode(qi.images.read_image_bytes("a.png::8x8+0+0")).shape == (8, 8, 3)


def test_a_file_that_changed_is_read_again(folder):
    name = "query0.png::24x24+0+0"
    before = qi.images.read_image_bytes(name)
    Image.fromarray(photo(80, 111, 9)).save("query0.png")
    assert qi.images.read_image_bytes(name) != before


@pytest.mark.parametrize("wrong", [{"size": 4}, {"sharpness": 1.0}, {"colourfulness": -0.1}])
def test_a_rule_out_of_range_is_refused(wrong):
    with pytest.raises(qi.DataError, match=next(iter(wrong)) if "size" not in wrong else "4 pixels"):
        PatchRule(**wrong)


# --- the distance ---


@pytest.mark.parametrize(
    ("n_pristine", "n_own", "dim"), [(400, 45, 32), (30, 45, 100), (30, 8, 300), (50, 1, 60), (2, 2, 5), (90, 500, 40)]
)
@pytest.mark.parametrize("length", [0.02, 1.0, 30.0])
def test_the_distance_is_that_of_the_plain_formula(n_pristine, n_own, dim, length):
    rng = np.random.default_rng(n_pristine + n_own)
    mix = rng.normal(size=(dim, dim)) * np.geomspace(1, 1e-3, dim)
    pristine = rng.normal(size=(n_pristine, dim)) @ mix * length
    own = (rng.normal(size=(n_own, dim)) @ mix + rng.normal(size=dim)) * length
    gaussian = PatchGaussian.of(pristine, 0.001)
    expected = plain_distance(pristine, own)
    assert gaussian.distance(own) == pytest.approx(expected, rel=1e-6)
    assert gaussian.contributions(own).sum() == pytest.approx(expected**2, rel=1e-6)
    spread = np.cov(pristine, rowvar=False) + 2 * 0.001 * np.eye(dim)
    alone = [math.sqrt(v @ np.linalg.solve(spread, v)) for v in own[:4] - pristine.mean(axis=0)]
    assert gaussian.unusual(own[:4]) == pytest.approx(alone, rel=1e-6)


def test_one_pristine_patch_has_no_covariance():
    with pytest.raises(qi.MethodError, match="1 pristine patch has no covariance"):
        PatchGaussian.of(np.ones((1, 3)), 0.001)


def test_the_score_is_that_of_the_distance_and_order_means_nothing(index, tiny_encoder):
    encoder, anchors = tiny_encoder(), index.anchors()
    fitted = Patches(ridge=0.01, scale=20).fit(anchors)
    patches = PatchEncoder(encoder, SIZE).encode([np.asarray(Image.open(name)) for name in QUERIES])
    pristine = (anchors.directions * anchors.norms[:, None]).astype(float)
    expected = [1 - 1 / (1 + math.exp(-plain_distance(pristine, one.astype(float), 0.01) / 20)) for one in patches]
    assert fitted.score_patches(patches).score == pytest.approx(expected, abs=1e-6)
    shuffled = [one[np.random.default_rng(0).permutation(len(one))] for one in patches]
    assert fitted.score_patches(shuffled).score == pytest.approx(expected, abs=1e-6)
    order = np.random.default_rng(1).permutation(len(anchors))
    swapped = replace(anchors, ids=anchors.ids[order], directions=anchors.directions[order], norms=anchors.norms[order])
    assert Patches(ridge=0.01, scale=20).fit(swapped).score_patches(patches).score == pytest.approx(expected, abs=1e-6)
    assert len(set(np.round(expected, 4))) == 6


# --- the method ---


@pytest.mark.parametrize("text", ["patches", "patches:prompts", "patches:stride=96,ridge=0.01,scale=50,prompts"])
def test_the_method_reads_back_what_it_writes(text):
    method = qi.read_method(text)
    assert isinstance(method, Patches)
    assert str(method) == text
    assert qi.read_method(str(method)) == method


@pytest.mark.parametrize("text", ["stride=0", "ridge=0", "scale=-1", "space=whitened", "shrinkage=1"])
def test_parameters_out_of_range_are_refused(text):
    with pytest.raises(qi.MethodError):
        qi.read_method(f"patches:{text}")


def test_patches_and_whole_images_are_not_mixed(index, source, tiny_encoder):
    whole = qi.make_anchors(np.eye(12), is_good=[True] * 6 + [False] * 6)
    with pytest.raises(qi.MethodError, match="these anchors are whole images; build an index of patches"):
        Patches().fit(whole)
    for name in ("mean", "retrieval", "knn", "ridge"):
        with pytest.raises(qi.MethodError, match="no bad side; use --method patches"):
            qi.read_method(name).fit(index)
    with pytest.raises(qi.MethodError, match="these are embeddings of whole images"):
        Patches().fit(index).score(np.eye(12))
    with pytest.raises(qi.MethodError, match="no sum over anchors"):
        list(Patches().fit(index).explain(np.eye(12)))
    rated = qi.datasets.make_records({"path": QUERIES, "score": range(6)}, 6)
    images = qi.AnchorSource("rated", rated, "no-reference", "median")
    with pytest.raises(qi.DataError, match="in one index; build an index of each"):
        qi.build_index("mixed", [source, images], tiny_encoder())
    with pytest.raises(qi.DataError, match="in one index; build an index of each"):
        index.add([images], tiny_encoder())


def test_a_fitted_method_is_pickled(index):
    fitted = Patches().fit(index)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own
    assert isinstance(again, FittedPatches)
    patches = [np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32)]
    assert again.score_patches(patches).score == pytest.approx(fitted.score_patches(patches).score, abs=1e-12)


# --- scoring ---


def test_files_pixels_and_any_batch_have_the_same_scores(index, tiny_encoder):
    encoder = tiny_encoder()
    rows = list(qi.Scorer(index, Patches(), encoder).score_files(QUERIES))
    scores = [row.score for row in rows]
    assert [row.embedding.shape for row in rows] == [(5 * 8, 12)] * 6
    assert all(0 < score <= 0.5 for score in scores)
    for batch_size in (1, 4):
        again = [row.score for row in qi.Scorer(index, Patches(), encoder, batch_size).score_files(QUERIES[::-1])]
        assert again[::-1] == pytest.approx(scores, abs=1e-6)
    pixels = [np.asarray(Image.open(name)) for name in QUERIES]
    assert qi.Scorer(index, Patches(), encoder).score_images(pixels).score == pytest.approx(scores, abs=1e-6)
    other = qi.Scorer(index, Patches(scale=50), encoder)
    expected = [row.score for row in other.score_files(QUERIES)]
    assert [row.score for row in other.score_again(rows)] == pytest.approx(expected, abs=1e-6)
    assert expected != pytest.approx(scores, abs=1e-3)


def test_patches_of_several_images_share_a_forward_pass(index, tiny_encoder):
    encoder = tiny_encoder()
    Image.fromarray(photo(60, 200, 3)).save("wide.png")
    list(qi.Scorer(index, Patches(), encoder).score_files([*QUERIES, "wide.png"]))
    sizes = [shape[0] for shape in encoder.batches]
    assert sum(sizes) == 6 * 40 + 4 * 15
    assert max(sizes) > 40


def test_small_images_are_error_rows_and_one_patch_is_scored(index, tiny_encoder):
    Image.fromarray(photo(SIZE - 1, 100, 3)).save("tiny.png")
    Image.fromarray(photo(SIZE, SIZE, 3)).save("one.png")
    Image.new("RGB", (60, 60), "black").save("flat.png")
    rows = list(qi.Scorer(index, Patches(), tiny_encoder()).score_files(["tiny.png", "one.png", "flat.png"]))
    assert rows[0].score is None
    assert rows[0].error.startswith("100 x 23 pixels are smaller than a patch of 24 x 24; ")
    assert rows[1].embedding.shape == (1, 12)
    anchors = index.anchors()
    pristine = (anchors.directions * anchors.norms[:, None]).astype(float)
    expected = 1 - 1 / (1 + math.exp(-plain_distance(pristine, rows[1].embedding.astype(float)) / 100))
    assert rows[1].score == pytest.approx(expected, abs=1e-6)
    assert 0 <= rows[2].score < rows[1].score


def test_copies_of_a_file_tie(index, tiny_encoder):
    (index.path.parent / "copy.png").write_bytes((index.path.parent.parent / "query0.png").read_bytes())
    names = ["query0.png", *QUERIES, str(index.path.parent / "copy.png")]
    rows = list(qi.Scorer(index, Patches(), tiny_encoder()).score_files(names))
    assert rows[0].score == rows[1].score == rows[-1].score


def test_the_cache_keeps_patches_apart_from_whole_images(index, tiny_encoder, monkeypatch):
    encoder, cache = tiny_encoder(), qi.EmbeddingCache("cache")
    first = list(qi.Scorer(index, Patches(), encoder, cache=cache).score_files(QUERIES))
    assert cache.n_found == 0
    again = list(qi.Scorer(index, Patches(), encoder, cache=cache).score_files(QUERIES))
    assert cache.n_found == 6
    assert [row.score for row in again] == [row.score for row in first]
    assert [row.embedding.shape for row in again] == [(40, 12)] * 6
    whole = [image.embedding for image in encode_files(QUERIES, encoder, cache=cache)]
    assert cache.n_found == 6
    assert whole[0].shape == (12,)
    list(qi.Scorer(index, Patches(stride=24), encoder, cache=cache).score_files(QUERIES))
    assert cache.n_found == 6
    assert sorted(share.input for share in cache.shares()) == [
        "native", "patches of 24 every 12, native", "patches of 24 every 24, native",
    ]  # fmt: skip
    monkeypatch.setattr(embedding_cache, "MOST_PARTS", 40 * 12 * 4 - 1)
    list(qi.Scorer(index, Patches(stride=8), encoder, cache=cache).score_files(QUERIES))
    assert len(cache.shares()) == 3  # too large to be kept


def test_patches_go_through_the_encoders_input_rule(index, tiny_encoder):
    encoder = tiny_encoder(qi.encoders.InputRule("crop", 32))
    (found,) = PatchEncoder(encoder, SIZE).encode([np.asarray(Image.open("query0.png"))])
    patches = cut_patches(np.asarray(Image.open("query0.png")), SIZE, SIZE // 2)
    assert found == pytest.approx(qi.encode(encoder, patches), abs=1e-5)


class Text:
    """A tower of images with one of texts: letters counted, mapped by fixed weights."""

    logit_scale = 100.0

    def __init__(self, images):
        self.images = images
        self.spec = images.spec

    def prepare(self, image):
        return self.images.prepare(image)

    def forward(self, batch):
        return self.images.forward(batch)

    def encode_text(self, texts):
        counts = np.array([[text.count(letter) for letter in "adgop. ht"] for text in texts], dtype=np.float32)
        return counts @ np.random.default_rng(0).normal(size=(9, self.spec.dim)).astype(np.float32)


class TwoLevels(Text):
    """An encoder of two levels, as `grepq` is."""

    def __init__(self, low, high):
        super().__init__(high)
        self.low, self.high = low, high


@pytest.mark.parametrize("levels", ["one", "two", "named"])
def test_prompts_add_the_score_of_the_whole_image(index, tiny_encoder, levels):
    low, high = tiny_encoder(), Text(tiny_encoder(seed=0 if levels == "one" else 5, dim=12 if levels == "one" else 16))
    method, prompted = Patches(), Patches(prompts=True)
    plain = [row.score for row in qi.Scorer(index, method, low).score_files(QUERIES)]
    encoder = {"one": high, "two": TwoLevels(low, high), "named": low}[levels]
    scorer = qi.Scorer(index, prompted, encoder, prompt_encoder=high if levels == "named" else None)
    rows = list(scorer.score_files([*QUERIES, "lost.png"]))
    good, bad = high.encode_text(["a good photo.", "a bad photo."])
    pixels = [np.asarray(Image.open(name)) for name in QUERIES]
    for row, image, own in zip(rows, qi.encode(high, pixels), plain, strict=False):
        cosines = [image @ text / np.linalg.norm(image) / np.linalg.norm(text) for text in (good, bad)]
        assert row.similarity_good == pytest.approx(cosines[0], abs=1e-6)
        assert row.score == pytest.approx(own + 1 / (1 + math.exp(-10 * (cosines[0] - cosines[1]))), abs=1e-6)
    assert "cannot be read" in rows[-1].error
    assert scorer.score_images(pixels).score == pytest.approx([row.score for row in rows[:-1]], abs=1e-6)
    assert [row.score for row in scorer.score_again(rows)] == [row.score for row in rows]


def test_prompts_need_a_text_tower(index, tiny_encoder):
    with pytest.raises(qi.EncoderError, match="needs an encoder with a text tower, and 'tiny' has none"):
        list(qi.Scorer(index, Patches(prompts=True), tiny_encoder()).score_files(QUERIES))
    idle = qi.Scorer(index, Patches(), tiny_encoder(), prompt_encoder=Text(tiny_encoder()))
    with pytest.raises(qi.MethodError, match="uses no encoder of prompts"):
        list(idle.score_files(QUERIES))
    with pytest.raises(qi.AnchorIndexError, match="but the encoder is tiny"):
        qi.Scorer(index, Patches(), TwoLevels(tiny_encoder(seed=3), Text(tiny_encoder())))


# --- the index ---


def test_the_index_says_what_it_is(index, source):
    manifest = qi.Manifest.read(index.path)
    (record,) = manifest.sources
    assert (manifest.n_good, manifest.n_bad, manifest.patch_size) == (len(source), 0, SIZE)
    assert (record.patches.size, record.patches.n_images, record.patches.sharpness) == (SIZE, 6, 0.75)
    assert index.anchors().patch_size == SIZE
    assert len(np.unique(index.anchors().groups)) == 6
    assert index.verify(files=True).damage == ()
    assert index.verify(files=True).n_files == len(source)
    Image.fromarray(photo(80, 110, 77)).save("pristine0.png")
    assert [one.part for one in index.verify(files=True).damage] == ["files"]


def test_what_changes_an_index_keeps_it_one_of_patches(index, source, tiny_encoder, folder):
    fewer = index.remove(where="reference = 'pristine0.png'").index
    assert fewer.manifest.patch_size == SIZE
    assert len(fewer) < len(index)
    more = qi.datasets.choose_pristine_patches(["pristine0.png", *QUERIES[:1]], RULE)
    added = fewer.add([more], tiny_encoder()).index
    assert added.manifest.sources[0].patches.n_images == 8  # as counted by the two choices
    other = qi.datasets.choose_pristine_patches(QUERIES, PatchRule(SIZE, 0.5))
    with pytest.raises(qi.DataError, match="differ in patches"):
        added.add([other], tiny_encoder())
    for ending in ("parquet", "npz"):
        added.export(f"out.{ending}")
        export = qi.read_export(f"out.{ending}")
        again = qi.build_from_embeddings(
            f"again-{ending}", export.sources, export.embeddings, spec=export.spec, ids=export.ids
        ).index
        assert again.manifest.sources[0].patches == added.manifest.sources[0].patches
        assert again.anchors().ids.tolist() == added.anchors().ids.tolist()
    few = qi.build_index("few", [qi.datasets.choose_pristine_patches(QUERIES[:2], RULE)], tiny_encoder()).index
    merged = qi.merge("merged", [again, few], same_name="together").index
    assert merged.manifest.patch_size == SIZE
    assert len(merged.anchors(where="reference = 'query1.png'")) > 0


def test_ready_cut_patches_are_taken_as_they_are(folder, tiny_encoder):
    for number, patch in enumerate(cut_patches(photo(80, 110, 3), SIZE)):
        Image.fromarray(patch).save(f"cut{number}.png")
    names = [f"cut{number}.png" for number in range(12)]
    index = qi.build_index("ready", [qi.datasets.ready_patches(names)], tiny_encoder()).index
    assert (len(index), index.manifest.patch_size) == (12, SIZE)
    assert str(index.manifest.sources[0].patches) == "24 x 24, ready-cut"
    same = qi.datasets.choose_pristine_patches(["pristine0.png"], RULE)
    assert 0 < next(iter(qi.Scorer(index, Patches(), tiny_encoder()).score_files(QUERIES))).score < 0.5
    with pytest.raises(qi.DataError, match=r"squares of one size, and these are 24 x 24 .* and 110 x 80"):
        qi.datasets.ready_patches([*names, "query0.png"])
    assert same.patches["size"] == SIZE


# --- evaluation and explanation ---


def rated(n=6):
    records = qi.datasets.make_records({"path": QUERIES[:n], "score": [6, 5, 4, 3, 2, 1][:n]}, n)
    return qi.rated_source(qi.AnchorSource("rated", records, "no-reference", "median"))


def test_an_evaluation_has_the_scores_of_a_scorer(index, tiny_encoder):
    encoder = tiny_encoder()
    methods = [Patches(), Patches(scale=10), Patches(stride=24)]
    report, images = qi.validation.evaluate_patches(methods, index, rated(), encoder)
    for outcome, method in zip(report.outcomes, methods, strict=True):
        expected = [row.score for row in qi.Scorer(index, method, encoder).score_files(QUERIES)]
        assert outcome.scores == pytest.approx(expected, abs=1e-6)
        assert outcome.figures["srcc"].value == pytest.approx(qi.srcc(expected, [6, 5, 4, 3, 2, 1]))
    assert images.ids == [qi.images.content_id(open(name, "rb").read()) for name in QUERIES]  # noqa: SIM115, PTH123
    assert f"{len(index)} pristine patches" in report.protocol
    assert images.embeddings.shape == (6, 12)


def test_images_whose_patches_are_anchors_are_not_evaluated_unasked(folder, tiny_encoder):
    source = qi.datasets.choose_pristine_patches(["pristine1.png", "query2.png"], RULE)
    index = qi.build_index("leaky", [source], tiny_encoder()).index
    with pytest.raises(qi.ValidationError, match="1 image has patches among the anchors"):
        qi.validation.evaluate_patches([Patches()], index, rated(), tiny_encoder())
    report, _ = qi.validation.evaluate_patches([Patches()], index, rated(), tiny_encoder(), allow_overlap=True)
    assert report.n_overlap == 1
    assert report.notes[0].startswith("leak: 1 image")


def test_the_unusual_patch_is_named(index, tiny_encoder):
    pixels = np.asarray(Image.open("query0.png")).copy()
    pixels[36:60, 48:72] = 0
    Image.fromarray(pixels).save("hole.png")
    scorer = qi.Scorer(index, Patches(), tiny_encoder())
    (row,) = scorer.score_files(["hole.png"])
    table = qi.report.patch_table(row, scorer.fitted)
    assert len(table) == 40
    assert table.slice(0, 1).select(["left", "top", "size"]).to_pylist() == [{"left": 48, "top": 36, "size": SIZE}]
    distance = scorer.fitted.explain_patches(row.embedding).distance
    assert sum(table["contribution"].to_pylist()) == pytest.approx(distance**2, rel=1e-6)
    assert row.score == pytest.approx(1 - 1 / (1 + math.exp(-distance / 100)))
    assert qi.report.patch_table(row, scorer.fitted, top=3)["unusual"].to_pylist() == table["unusual"].to_pylist()[:3]
    with pytest.raises(qi.MethodError, match="no embeddings of patches"):
        qi.report.patch_table(qi.ScoredImage("a.png", error="lost"), scorer.fitted)


@pytest.mark.parametrize("name", ["random", "kmeans", "k-center", "herding", "facility-location", "mmr", "density"])
def test_patches_are_selected_without_a_bad_side(index, name):
    selector = qi.SELECTORS[name]()
    few = qi.select_subset("few", index, selector, size=7, space="raw").index
    assert (len(few), few.manifest.n_bad, few.manifest.patch_size) == (7, 0, SIZE)
    half = qi.select_anchors(index.anchors(), selector, fraction=0.5)
    assert len(half) == round(0.5 * len(index))
    assert 0 < Patches().fit(few).score_patches([np.eye(12, dtype=np.float32)]).score[0] < 0.5


def test_what_needs_two_sides_says_so(index):
    with pytest.raises(qi.ValidationError, match="have no ratings"):
        qi.rated_anchors(index)
    with pytest.raises(qi.ValidationError, match="have no ratings"):
        qi.sweep.anchors_bench(index, "reference")
    with pytest.raises(qi.AnchorIndexError, match="holds patches of pristine images, which no method searches"):
        qi.approximate(index, recall=0.9, top_k=2)
