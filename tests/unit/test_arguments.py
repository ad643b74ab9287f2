"""Plain mistakes in calls from Python: one line each, with what to give, never an error from the depth."""

import contextlib
import enum
import functools
import inspect
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from tests.unit.conftest import public_names
from tests.unit.test_paths import MATRIX, make, opened, source


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
    "Terms.from_dict": (ValueError,),  # whoever reads the file says which
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
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # `allow_pixels` sets it
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


PHOTOS = Path("photos")
SAID = {
    "a name for an index": (lambda: qi.Scorer("photos"), r"anchors of Scorer is 'photos'; .*qi.AnchorIndex.open"),
    "a text for a method": (
        lambda: qi.Scorer(anchors(), "mean"),
        r"method of Scorer is 'mean'; give a method, such as qi.Mean\(\), or qi.read_method\('mean'\)",
    ),
    "a class for a method": (lambda: qi.Scorer(anchors(), qi.Mean), r"method of Scorer is of type ABCMeta"),
    "a name for an encoder": (lambda: qi.Scorer(anchors(), encoder="lite0"), r"encoder of Scorer .*qi.load_encoder"),
    "one path": (
        lambda: qi.Scorer(anchors()).score_files("a.png"),
        r"paths of Scorer.score_files is 'a.png'; give a list",
    ),
    "paths that are none": (
        lambda: list(scorer().score_files([b"a.png"])),
        r"paths\[0\] of \S+ is b'a.png'; give a path",
    ),
    "paths of a generator": (lambda: list(scorer().score_files(iter([None]))), r"a path is None"),
    "a number of anchors": (lambda: qi.calibrate("name"), r"index of calibrate is 'name'.*qi.AnchorIndex.open"),
    "one source": (
        lambda: opened().add(source(), qi.load_encoder()),
        r"sources of \S+add is of type AnchorSource; give a list",
    ),
    "swapped": (
        lambda: qi.build_index([source()], "own", qi.load_encoder()),
        r"of build_index is of type list; give a path, as text or pathlib.Path",
    ),
    "bytes for a path": (lambda: qi.load_source(b"a.csv"), r"labels cannot be read from b'a.csv'; a path, a data"),
    "a list for a path": (lambda: qi.AnchorIndex.open(["own"]), r"of AnchorIndex.open is of type list; give a path"),
    "no path": (lambda: qi.list_images(None), r"of list_images is None; give a path"),
    "a word for a number": (
        lambda: scorer().score_files(["a"], n_workers="2"),
        r"n_workers .*'2'; give a whole number",
    ),
    "True for a number": (
        lambda: opened().anchors(seed=True),
        r"seed of AnchorIndex.anchors is True; give a whole number",
    ),
    "NaN": (lambda: opened().anchors(ratio=float("nan")), r"ratio of AnchorIndex.anchors is nan; give a number"),
    "a parameter of NaN": (lambda: qi.Mean(temperature=float("nan")), r"temperature of mean is nan"),
    "a choice": (
        lambda: qi.load_encoder(precision="fp64"),
        r"precision of load_encoder is 'fp64'; give 'auto' or 'fp32'",
    ),
    "a tag": (lambda: opened().tags.set(3), r"name of Tags.set is 3; give text"),
    "rows of another kind": (lambda: qi.methods.score_table(iter([1])), r"a row is of type int"),
    "ragged embeddings": (lambda: qi.make_anchors([[1, 2], [3]], is_good=[True, False]), r"embeddings are no matrix"),
    "rows beyond": (lambda: anchors().take([0, 99]), r"rows go from 0 to 99; the anchors are rows 0 to 23"),
    "a mask of others": (lambda: anchors().take([True, False]), r"rows are bool of shape \(2,\)"),
}


def anchors():
    return qi.make_anchors(MATRIX, quality=MATRIX[:, 0])


def scorer():
    return qi.Scorer(anchors(), encoder=qi.load_encoder())


@pytest.mark.parametrize("name", SAID)
@pytest.mark.usefixtures("place")
def test_a_message_says_what_was_given_and_what_to_give(name):
    mistake, message = SAID[name]
    with pytest.raises(qi.QuasarError, match=message) as caught:
        mistake()
    assert caught.value.hint


TWO = np.eye(4)
UNFIT = {
    "NaN side": ({"is_good": [1.0, 0.0, float("nan"), 1.0]}, r"a side is nan; is_good takes True and False"),
    "sides as text": (
        {"is_good": ["good", "bad", "good", "bad"]},
        r"is_good\[0\] of make_anchors is 'good'; give True or False",
    ),
    "sides of three kinds": ({"is_good": [0, 1, 2, 1]}, r"a side is 2"),
    "sides of None": (
        {"is_good": [True, None, False, True]},
        r"is_good\[1\] of make_anchors is None; give True or False",
    ),
    "double ids": ({"is_good": [1, 1, 0, 0], "ids": ["a", "b", "a", "c"]}, r"id 'a' is there twice"),
    "empty id": ({"is_good": [1, 1, 0, 0], "ids": ["a", "b", "", "c"]}, r"an id is empty"),
    "ids of numbers": ({"is_good": [1, 1, 0, 0], "ids": [1, 2, 3, 4]}, r"ids\[0\] of make_anchors is 1; give text"),
    "few ids": ({"is_good": [1, 1, 0, 0], "ids": ["a"]}, r"4 embeddings but ids of shape \(1,\); give 4"),
    "few sides": ({"is_good": [1, 0]}, r"4 embeddings but sides of shape"),
    "NaN score": ({"quality": [1, 2, float("nan"), 4]}, r"1 anchor has no opinion score"),
    "infinite score": ({"quality": [1, 2, float("inf"), 4]}, r"opinion score 2 is inf"),
    "scores as text": ({"quality": list("abcd")}, r"opinion scores are no numbers"),
    "nested groups": ({"quality": [1, 2, 3, 4], "groups": [[1], [1], [2], [2]]}, r"the group of row 0 is of type list"),
    "nothing": ({}, r"neither a side nor an opinion score"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_anchors_are_made_of_sound_numbers_only(name):
    given, message = UNFIT[name]
    with pytest.raises(qi.QuasarError, match=message):
        qi.make_anchors(TWO, **given)


def test_embeddings_of_anchors_are_sound():
    for row, fault in ((np.nan, "NaN or infinite"), (0, "only zeros")):
        matrix = np.eye(4)
        matrix[2] = row
        with pytest.raises(qi.DataError, match=f"row 2 of embeddings has {fault}"):
            qi.make_anchors(matrix, is_good=[True, True, False, False])


def test_what_is_like_what_is_needed_is_taken():
    kept = qi.make_anchors(MATRIX.tolist(), quality=tuple(range(24)), ids=np.array([f"{n:02}" for n in range(24)]))
    assert kept.take(list(range(6, 18))).n_good == 6
    assert len(kept.take(range(0, 24, 2))) == 12
    assert qi.make_anchors(TWO, is_good=np.array([1, 0, 1, 0])).n_good == 2
    assert qi.make_anchors(TWO, is_good=[True, False, True, False], quality=[1, np.nan, 2, np.nan]).n_rated == 2
    assert qi.read_methods(np.array(["mean", "knn"])) == [qi.Mean(), qi.Knn()]
    assert str(qi.Retrieval(top_k=np.int64(8))) == "retrieval:top_k=8"


def test_the_rules_know_nearly_all_arguments():
    """A parameter without a rule is one that may be anything, or is checked by the function itself."""
    from quasar_index.arguments import _kinds_of

    unknown = set()
    for name, made in CALLABLES.items():
        function = inspect.unwrap(made.__init__ if inspect.isclass(made) else made)
        if inspect.isfunction(function) or inspect.ismethod(function):
            known = _kinds_of(getattr(function, "__func__", function))
            unknown |= {f"{name}({one.name})" for one in taken(name) if one.name not in known}
    assert len(unknown) < 65
