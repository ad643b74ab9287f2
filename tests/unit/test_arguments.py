"""Plain mistakes in calls from Python: one line each, with what to give, never an error from the depth."""

import contextlib
import enum
import functools
import inspect
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from tests.unit.conftest import public_names
from tests.unit.test_paths import make, opened, source


class Other:
    """An object that is nothing that is asked for."""

    def __repr__(self):
        return "<other>"


WRONG = {
    "None": None,
    "a number": 3,
    "a fraction": 0.5,
    "NaN": float("nan"),
    "a text": "photos",
    "bytes": b"photos",
    "a list of numbers": [1, 2],
    "a list of texts": ["a", "b"],
    "a list of None": [None],
    "a set": {"a"},
    "a dictionary": {"a": 1},
    "an object": Other(),
    "a class": qi.Mean,
    "a function": len,
    "an array": np.ones((2, 3)),
    "an array of texts": np.array(["a", "b"]),
    "a lonely array": np.array(1.5),
    "a path": Path("photos"),
}
MADE_BY_USERS = {"AnchorIndex", "AnchorSource", "EmbeddingCache", "EncoderSpec", "FittedMethod", "InputRule",
                 "LazyEncoder", "Report", "Scorer", "Sweep", *qi.METHODS}  # fmt: skip


MAY_RAISE = {
    "Manifest.write": (OSError,),  # those who write one say more of the disk
    "Approximation.from_dict": (LookupError,),  # `Manifest.read` says which file lacks what
    "SourceRecord.from_dict": (LookupError,),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("QUASAR_INDEX_HOME", ".")
        make()
    return place


@pytest.fixture
def place(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.setenv("QUASAR_INDEX_HOME", ".")
    monkeypatch.setenv("QUASAR_INDEX_CACHE", "cache")
    return made


def callables():
    """Yield what is called by users, by name: functions, what they construct, and the methods of public classes."""
    for name, public in public_names().items():
        if inspect.isfunction(public):
            yield name, public
        if not inspect.isclass(public) or issubclass(public, (enum.Enum, Exception)) or is_protocol(public):
            continue
        if name in MADE_BY_USERS:
            yield name, public
        for key, member in inspect.getmembers(public, lambda one: inspect.isfunction(one) or inspect.ismethod(one)):
            ours = getattr(member, "__module__", "").startswith("quasar_index")
            if key[0] != "_" and ours and not getattr(member, "__isabstractmethod__", False):
                yield f"{name}.{key}", member


def is_protocol(public):
    return getattr(public, "_is_protocol", False)


CALLABLES = dict(callables())


def taken(name):
    """Return the parameters of a callable that users give."""
    parameters = list(inspect.signature(CALLABLES[name]).parameters.values())
    return [one for one in parameters if one.name != "self"]


@functools.cache
def instance(name):
    """Return an object of a public class to call a method of; None where there is none at hand."""
    index = opened()
    anchors = index.anchors()
    encoder = qi.load_encoder()
    table = {
        "AnchorIndex": lambda: index,
        "AnchorSource": source,
        "AnchorTable": lambda: anchors,
        "EmbeddingCache": lambda: qi.EmbeddingCache("cache"),
        "EncoderSpec": lambda: encoder.spec,
        "FittedMethod": lambda: qi.Mean().fit(anchors),
        "InputRule": lambda: encoder.spec.input,
        "LazyEncoder": lambda: qi.encoders.LazyEncoder(encoder.spec),
        "Manifest": lambda: index.manifest,
        "Report": lambda: qi.Report(qi.Mean().fit(anchors), index),
        "Scorer": lambda: qi.Scorer(anchors),
        "Space": lambda: qi.methods.fit_space(anchors, "whitened"),
        "Tags": lambda: index.tags,
        "Ties": qi.methods.Ties,
        **{kind.__name__: kind for kind in qi.METHODS.values()},
    }
    return table[name]() if name in table else None


def call(name, wrong):
    """Call something with one wrong value for each argument that must be given, then also for each that may be."""
    owner, _, method = name.partition(".")
    target = CALLABLES[name]
    if method and not inspect.ismethod(target):
        if (holder := instance(owner)) is None:
            return
        target = getattr(holder, method)
    needed = {one.name: wrong for one in taken(name) if one.default is one.empty and one.kind is not one.VAR_KEYWORD}
    for extra in (None, *(one.name for one in taken(name) if one.default is not one.empty)):
        given = needed if extra is None else needed | {extra: wrong}
        place = inspect.signature(target).parameters
        first = [given[key] for key in place if key in given and place[key].kind is place[key].POSITIONAL_ONLY]
        with contextlib.suppress(qi.QuasarError, *MAY_RAISE.get(name, ())):
            result = target(*first, **{k: v for k, v in given.items() if place[k].kind is not place[k].POSITIONAL_ONLY})
            if inspect.isgenerator(result):
                list(result)


@pytest.mark.parametrize("name", [name for name in CALLABLES if taken(name)])
def test_wrong_arguments_are_errors_that_users_can_mend(place, name):
    failures = []
    for what, wrong in WRONG.items():
        try:
            call(name, wrong)
        except Exception as error:
            failures.append(f"{what}: {type(error).__name__}: {str(error)[:150]}")
    assert not failures, "\n".join(failures)
