"""What a method prints reads back as the same method, whatever its parameters; a typo is told what was meant."""

import shlex
import types
from dataclasses import fields
from typing import Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quasar_index.errors import MethodError
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
        float: st.floats(0, allow_nan=False) | st.floats(0, 1) | st.floats(0, 1, width=32).map(np.float64),
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
    if given.get("space", "whitened") not in ("whitened", "auto"):
        given.pop("shrinkage", None)
    if given.get("mode") != "joint" and given.get("division") == "local":
        given["mode"] = "joint"
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
    settings_ = settings(max_examples=400, database=None, deadline=None)

    @settings_
    @given(methods())
    def draw(method):
        changed = {one.name for one in fields(method) if getattr(method, one.name) != one.default}
        drawn.setdefault(method.name, set()).update(changed)

    draw()
    assert drawn == {name: {one.name for one in fields(kind)} for name, kind in METHODS.items()}


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
