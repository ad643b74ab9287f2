"""Versions of the input rule: an index embeds every image by the one that it was built with."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.encoders.base import reading_as
from quasar_index.encoders.exported import SHIPPED, find_exported, kept_path
from quasar_index.encoders.pipeline import encode_files
from quasar_index.encoders.spec import RULE_VERSION
from quasar_index.images import decode
from tests.colour_profiles import rgb_profile
from tests.unit.conftest import photo


@pytest.fixture
def files(tmp_path):
    """Return rated pictures, of which the last is in Adobe RGB."""
    paths = []
    for number in range(6):
        paths.append(str(tmp_path / f"{number}.png"))
        options = {"icc_profile": rgb_profile()} if number == 5 else {}
        Image.fromarray(photo(40, 48, number)).save(paths[-1], **options)
    return paths


def built(tmp_path, files, encoder, name):
    records = qi.datasets.make_records({"path": files, "score": [float(n) for n in range(len(files))]}, len(files))
    source = qi.AnchorSource("made", records, "no-reference", "median")
    return qi.build_index(tmp_path / name, [source], encoder).index


def test_files_are_read_by_the_rule_of_the_encoder(files, tiny_encoder):
    newest = tiny_encoder()
    first = reading_as(newest, newest.spec.at_rule(1))
    assert (newest.spec.rule_version, first.spec.rule_version) == (2, 1)
    assert reading_as(newest, newest.spec) is newest
    for encoder in (newest, first):
        rule = encoder.spec.rule_version
        for image in encode_files(files, encoder):
            pixels = decode(Path(image.path).read_bytes(), rule=rule)
            np.testing.assert_allclose(image.embedding, qi.encode(encoder, [pixels])[0], rtol=1e-5)
    both = [np.stack([image.embedding for image in encode_files(files, one)]) for one in (newest, first)]
    np.testing.assert_array_equal(both[0][:5], both[1][:5])
    assert np.abs(both[0][5] - both[1][5]).max() > 1e-3


def test_an_old_index_keeps_its_rule_and_takes_the_encoder_of_today(tmp_path, files, tiny_encoder):
    newest = tiny_encoder()
    first = reading_as(newest, newest.spec.at_rule(1))
    old, new = built(tmp_path, files, first, "old"), built(tmp_path, files, newest, "new")
    assert (old.manifest.encoder.rule_version, new.manifest.encoder.rule_version) == (1, 2)
    expected = [row.score for row in qi.Scorer(old, qi.Mean(space="raw"), first).score_files(files)]
    scorer = qi.Scorer(old, qi.Mean(space="raw"), newest)
    assert [row.score for row in scorer.score_files(files)] == expected
    assert scorer.encoder.spec.rule_version == 1
    assert newest.spec.rule_version == 2
    assert [row.score for row in qi.Scorer(new, qi.Mean(space="raw"), newest).score_files(files)] != expected
    # What is added is read as the rest was.
    more = str(tmp_path / "more.png")
    Image.fromarray(photo(40, 48, 9)).save(more, icc_profile=rgb_profile())
    records = qi.datasets.make_records({"path": [more], "score": [2.5]}, 1)
    changed = old.add([qi.AnchorSource("made", records, "no-reference", "median")], newest).index
    assert changed.manifest.encoder.rule_version == 1
    anchors = changed.anchors()
    (row,) = np.flatnonzero(anchors.ids == qi.images.content_id(Path(more).read_bytes()).encode())
    raw = qi.encode(first, [decode(Path(more).read_bytes(), rule=1)])[0]
    np.testing.assert_allclose(anchors.directions[row], raw / np.linalg.norm(raw), rtol=1e-4)


def test_encoders_whose_spec_is_their_own_are_left_as_they_are(tiny_encoder):
    spec = tiny_encoder().spec

    @dataclasses.dataclass(frozen=True)
    class Frozen:
        spec: qi.EncoderSpec

    frozen = Frozen(spec)
    assert reading_as(frozen, spec.at_rule(1)) is frozen


def test_an_exported_tower_is_the_same_whatever_the_rule():
    encoder = qi.load_encoder(device="cpu")
    old = encoder.spec.at_rule(1)
    assert encoder.spec.rule_version == 2
    assert kept_path(encoder.spec) == kept_path(old)
    for spec in (encoder.spec, old):
        assert find_exported(spec).path.parent == SHIPPED
        loaded = qi.load_recorded_encoder(spec, device="cpu")
        assert (loaded.spec.runtime, loaded.spec.difference(spec)) == ("onnx", "")
    by_hand = qi.load_encoder(device="cpu", input_rule="crop-64")
    assert by_hand.spec.rule_version == 2
    assert qi.load_encoder(device="cpu", input_rule=old.input).spec.rule_version == 1


def test_the_starter_index_sees_profiles_and_one_of_rule_1_does_not(tmp_path):
    index = qi.AnchorIndex.open("starter")
    spec = index.manifest.encoder
    assert spec.rule_version == RULE_VERSION
    file = io.BytesIO()
    Image.fromarray(photo(64, 64)).save(file, "PNG", icc_profile=rgb_profile())
    (tmp_path / "wide.png").write_bytes(file.getvalue())
    Image.fromarray(photo(64, 64)).save(tmp_path / "plain.png")
    anchors = index.anchors()
    for rule in (1, RULE_VERSION):
        scorer = qi.Scorer(anchors, encoder=qi.encoders.LazyEncoder(spec.at_rule(rule)))
        wide, plain = scorer.score_files([tmp_path / "wide.png", tmp_path / "plain.png"])
        assert (abs(wide.score - plain.score) < 1e-6) == (rule == 1)
