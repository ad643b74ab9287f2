"""No score changes by accident: those of drawn anchors are what `tests/data/frozen-scores.json` holds."""

import json

from tests.benchmarks import frozen_scores


def test_every_method_scores_as_it_did():
    before = json.loads(frozen_scores.FILE.read_text(encoding="utf-8"))["drawn"]
    now = frozen_scores.scores_of(frozen_scores.drawn_set())
    assert set(now) == set(before)
    found = frozen_scores.differences(before, now)
    assert {name: pair for name, pair in found.items() if pair[0] > frozen_scores.TOLERANCE or pair[1]} == {}


def test_a_score_that_moves_and_images_that_change_places_are_found():
    assert frozen_scores.differences({"mean": [0.1, 0.2, 0.3]}, {"mean": [0.1, 0.2 + 5e-6, 0.3]})["mean"][0] > 4e-6
    assert frozen_scores.differences({"mean": [0.1, 0.2, 0.3]}, {"mean": [0.2, 0.1, 0.3]})["mean"][1] == 1
    # images closer together than the tolerance may change places
    assert frozen_scores.differences({"mean": [0.1, 0.1 + 1e-8]}, {"mean": [0.1 + 1e-8, 0.1]})["mean"][1] == 0
