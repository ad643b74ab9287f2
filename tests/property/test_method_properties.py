"""What a method prints reads back as the same method, whatever its parameters; a typo is told what was meant."""

import shlex
import types
from dataclasses import fields
from typing import Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quasar_index.errors import DataError, MethodError
from quasar_index.methods import METHODS, Clustering, Mean, Method, Ridge, read_method, read_methods


def values(hint):
    """Return a strategy of all values of a type."""
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([values(kind) for kind in get_args(hint)])
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), min_size=1, max_size=5).map(tuple)
    return {
        bool: st.booleans(),
        int: st.integers(0, 10**9),
        float: st.floats(0, allow_nan=False, allow_infinity=False)
        | st.floats(0, 1)
        | st.floats(0, 1, width=32).map(np.float64),
        types.NoneType: st.none(),
    }[hint]


@st.composite
def methods(draw):
    kind = draw(st.sampled_from(list(METHODS.values())))
    hints = get_type_hints(kind)
    given = {one.name: draw(values(hints[one.name])) for one in fields(kind) if draw(st.booleans())}
    # Each parameter in its range: what is out of it is refused, and that is tested elsewhere.
    given = {
        one.name: given[one.name]
        for one in fields(kind)
        if one.name in given and (one.metadata["fits"] is None or one.metadata["fits"](given[one.name]))
    }
    if given.get("space", kind.space) not in ("whitened", "auto"):
        given.pop("shrinkage", None)
    if given.get("mode") != "joint" and given.get("division") == "local":
        given["mode"] = "joint"
    if given.get("mode") == "joint" and given.get("top_k") is None:
        given["top_k"] = 7
    return kind(**given)


@settings(max_examples=300, deadline=None)
@given(methods())
@example(Mean(temperature=1e-300))
@example(Mean(temperature=np.float64(0.1), shrinkage=np.float64(3)))
@example(Ridge((0.1, 1e16, 3.0)))
def test_what_is_printed_reads_back(method):
    text = str(method)
    assert read_method(text) == method
    assert str(read_method(text)) == text
    assert read_methods([text]) == [method]
    assert shlex.quote(text) == text  # a shell needs no quotes


def test_every_parameter_of_every_method_is_drawn():
    drawn = {}
    settings_ = settings(max_examples=400, database=None, deadline=None, derandomize=True)

    @settings_
    @given(methods())
    def draw(method):
        changed = {one.name for one in fields(method) if getattr(method, one.name) != one.default}
        drawn.setdefault(method.name, set()).update(changed)

    draw()
    expected = {name: {one.name for one in fields(kind)} for name, kind in METHODS.items()}
    expected["patches"] -= {"space", "shrinkage"}  # raw alone
    assert drawn == expected


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(METHODS)), st.data())
def test_a_letter_too_few_is_told_what_was_meant(name, data):
    kind: type[Method] = METHODS[name]
    cut = data.draw(st.integers(0, len(name) - 1))
    if (typo := name[:cut] + name[cut + 1 :]) not in METHODS:
        with pytest.raises(MethodError, match=f"there is no method '{typo}'; did you mean '{name}'"):
            read_method(typo)
    one = data.draw(st.sampled_from(fields(kind))).name
    cut = data.draw(st.integers(0, len(one) - 1))
    typo = one[:cut] + one[cut + 1 :]
    with pytest.raises(MethodError, match=f"has no parameter '{typo}'; did you mean '{one}'"):
        read_method(f"{name}:{typo}=1")


def test_alternatives_are_every_combination():
    found = read_methods(["mean/clustering:space=raw/centred", "mean:space=raw"])
    kinds = [Mean(space="raw"), Mean(space="centred"), Clustering(space="raw"), Clustering(space="centred")]
    assert found == kinds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mean/knn", "'mean/knn' is several methods, and one is needed here; several have / between them"),
        ("mean,knn", "'mean,knn' is several methods"),
        ("MEAN:space=raw", "there is no method 'MEAN'; did you mean 'mean'"),
        ("'mean'", "did you mean 'mean'"),
        ("", "there is no method ''"),
        ("mean:temperature=inf", "temperature of mean is inf; it is a number above 0"),
        ("mean:temperature=nan", "temperature of mean is nan; it is a number above 0"),
        ("ridge:alphas=1:inf", "alphas of ridge is"),
        ("clustering:seed=2147483648", "seed of clustering is 2147483648; it is a whole number from 0 to 2147483647"),
        ("retrieval:top_k", "top_k of retrieval is ''; it is a whole number from 1"),
        ("retrieval:division=local", "its mode is per-side; division=local is for mode=joint"),
    ],
)
def test_a_fault_is_one_line_that_says_the_mend(text, words):
    with pytest.raises(MethodError) as caught:
        read_method(text)
    assert words in str(caught.value)


def test_spaces_mean_nothing_and_a_text_may_stand_alone():
    assert read_method(" mean: space = raw ") == Mean(space="raw")
    assert read_methods("mean:space=raw") == [Mean(space="raw")]
    with pytest.raises(MethodError, match="top_k of retrieval is True"):
        METHODS["retrieval"](top_k=True)


@pytest.mark.parametrize("anchors", ["mine", np.eye(4)])
def test_a_method_is_fitted_to_anchors_alone(anchors):
    with pytest.raises(DataError, match=r"give anchors, by AnchorIndex.anchors"):
        Mean().fit(anchors)
