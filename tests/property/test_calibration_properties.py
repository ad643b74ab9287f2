"""What holds for the calibration of any scores and ratings."""

import json

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quasar_index.statistics.calibration import MAPS, Calibration, fit_calibration
from quasar_index.statistics.correlation import srcc

ANCHORS = st.lists(
    st.tuples(st.integers(-100, 100), st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0, 5.0])), min_size=20, max_size=60
)
# In units of a billionth of the range of the anchors' scores; they reach half a range beyond both ends.
PLACES = st.lists(st.integers(-(5 * 10**8), 15 * 10**8), min_size=2, max_size=50)


@settings(max_examples=60, deadline=None)
@given(ANCHORS, PLACES, st.sampled_from(MAPS), st.sampled_from([(1.0, 0.0), (1e-6, 0.5), (1e5, -3.0)]))
def test_only_equal_scores_tie(anchors, places, map_name, units):
    factor, offset = units
    scores, quality = np.array(anchors, dtype=np.float64).T
    assume(np.ptp(scores) > 0 and np.ptp(quality) > 0 and srcc(scores, quality) > 0)
    scores = factor * scores + offset
    made = fit_calibration(scores, quality, groups=None, map_name=map_name, level=0.8, quality_range=(1.0, 5.0))
    made = Calibration.from_dict(json.loads(json.dumps(made.to_dict())))
    # Neighbours a billionth apart, too.
    wanted = np.unique(np.concatenate([places, np.add(places, 1)]))
    mos, low, high = made.predict(scores.min() + np.ptp(scores) * wanted / 1e9)
    assert (np.diff(mos) > 0).all()
    assert ((mos > 1) & (mos < 5)).all()
    assert ((low <= mos) & (mos <= high) & (low >= 1) & (high <= 5)).all()


@settings(max_examples=30, deadline=None)
@given(ANCHORS, st.floats(-1e308, 1e308), st.sampled_from(MAPS))
def test_any_score_has_a_place_on_the_scale(anchors, score, map_name):
    scores, quality = np.array(anchors, dtype=np.float64).T
    assume(np.ptp(scores) > 0 and np.ptp(quality) > 0 and srcc(scores, quality) > 0)
    made = fit_calibration(scores, quality, groups=None, map_name=map_name, level=0.8, quality_range=(1.0, 5.0))
    mos, low, high = (float(values[0]) for values in made.predict([score]))
    assert 1 <= low <= mos <= high <= 5
