"""Plugins: what cannot be used is left out with a line, nothing of our own is replaced, and start-up looks for none."""

import subprocess
import sys

import pytest

import quasar_index as qi
from tests.plugins import forget, write_package

GROUPS = {"encoders": qi.ENCODERS, "datasets": qi.DATASETS, "methods": qi.METHODS, "selectors": qi.SELECTORS}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty folder that modules are imported from; what plugins it gets is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    forget()
    yield folder
    forget()
    for name in set(sys.modules) - before:
        if name.startswith("plugin_"):
            del sys.modules[name]


METHOD = """
from dataclasses import dataclass, field
import quasar_index as qi

@dataclass(frozen=True)
class Steady(qi.methods.RatingMethod):
    when = "in a test"
    level: float = qi.methods.parameter(0.5, "the score", "a number from 0 to 1", lambda value: 0 <= value <= 1)

    def predictor(self, anchors):
        return lambda queries: queries[:, 0] * 0 + self.level
"""


def test_a_method_of_a_plugin_is_one_of_the_methods(site):
    write_package(site, "plugin-steady", "2.1", "[quasar_index.methods]\nsteady = plugin_steady:Steady\n", METHOD)
    assert list(qi.METHODS) == [*qi.METHODS.own, "steady"]
    assert len(qi.METHODS) == len(qi.METHODS.own) + 1
    assert qi.METHODS.package("steady") == "plugin-steady 2.1"
    assert qi.METHODS.package("mean") == qi.METHODS.package("none") == ""
    method = qi.read_method("steady:level=0.25")
    assert str(method) == "steady:level=0.25"
    anchors = qi.make_anchors([[1, 0], [0, 1], [1, 1]], quality=[1, 2, 3])
    assert method.fit(anchors).score([[1, 0], [3, 4]]).score.tolist() == [0.25, 0.25]
    with pytest.raises(qi.MethodError, match="level of steady is 2"):
        qi.read_method("steady:level=2")


BROKEN = {
    "no module": ("methods", "steady = plugin_none:Steady", "ModuleNotFoundError: No module named 'plugin_none'"),
    "no object": ("methods", "steady = plugin_x:Nothing", "AttributeError: "),
    "no method": ("methods", "steady = plugin_x:len_", "it is no class that comes from quasar_index.Method"),
    "another name": ("methods", "stead = plugin_x:Steady", "its class is called Steady, and its method 'steady'"),
    "not frozen": ("methods", "loose = plugin_x:Loose", "its class is no dataclass"),
    "no line": ("methods", "silent = plugin_x:Silent", "its class has no `when`"),
    "a plain field": ("methods", "plain = plugin_x:Plain", "its field 'level' is not made by"),
    "no default": ("methods", "needy = plugin_x:Needy", "TypeError: "),
    "no encoder": ("encoders", "steady = plugin_x:Steady", "not a quasar_index.encoders.EncoderPlugin"),
    "no data set": ("datasets", "steady = plugin_x:Steady", "not a quasar_index.datasets.Dataset"),
    "no selector": ("selectors", "steady = plugin_x:Steady", "with a method `select`"),
    "it leaves": ("methods", "leaver = plugin_leaver:x", "SystemExit: 3"),
    "our name": ("methods", "mean = plugin_x:Steady", "quasar-index has a method of that name, which stays"),
    "our encoder": ("encoders", "efficientnet-lite0 = plugin_x:E", "quasar-index has an encoder of that name"),
    "our data set": ("datasets", "koniq-10k = plugin_x:KONIQ", "quasar-index reads 'koniq10k' under the name"),
    "no name": ("encoders", "timm/x = plugin_x:E", "a name is of lower-case letters, digits and hyphens"),
}
PARTS = """
class Loose(qi.methods.RatingMethod):
    when = "never"

@dataclass(frozen=True)
class Silent(qi.methods.RatingMethod):
    def predictor(self, anchors):
        return None

@dataclass(frozen=True)
class Plain(Steady):
    level: float = 0.5

@dataclass(frozen=True)
class Needy(qi.methods.RatingMethod):
    when = "never"
    more: float = field(metadata={"words": "more"})

    def predictor(self, anchors):
        return None

len_ = len
KONIQ = qi.datasets.Dataset("koniq-10k", "x", "no-reference", None, "MIT", "x", "x", None)
E = qi.encoders.EncoderPlugin(None, 3, qi.encoders.InputRule("none"))
"""


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_left_out_with_a_line(site, caplog, name):
    group, line, reason = BROKEN[name]
    (site / "plugin_leaver.py").write_text("raise SystemExit(3)", encoding="utf-8")
    good = "[quasar_index.methods]\n" if group != "methods" else ""
    entries = f"[quasar_index.{group}]\n{line}\n{good}"
    write_package(site, "plugin-x", "1.0", entries, METHOD + PARTS)
    registry = GROUPS[group]
    own = dict(registry.own)
    assert dict(registry) == own
    assert dict(registry) == own  # said once
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"'{line.split()[0]}' of the plugin plugin-x 1.0 is left out: " in record.getMessage()
    assert reason in record.getMessage()
    assert "\n" not in record.getMessage()


def test_two_plugins_of_one_name_are_both_left_out(site, caplog):
    for package in ("plugin-one", "plugin-two"):
        entry = f"[quasar_index.methods]\nsteady = {package.replace('-', '_')}:Steady\n"
        write_package(site, package, "1.0", entry, METHOD)
    assert "steady" not in qi.METHODS
    assert "plugin-one 1.0 and plugin-two 1.0 both have one of that name" in caplog.text


def test_only_the_plugin_that_is_asked_for_is_imported(site):
    write_package(site, "plugin-steady", "1.0", "[quasar_index.methods]\nsteady = plugin_steady:Steady\n", METHOD)
    write_package(site, "plugin-bad", "1.0", "[quasar_index.methods]\nbad = plugin_bad:Bad\n", "1 / 0")
    assert qi.METHODS["mean"] is qi.Mean
    assert not {"plugin_steady", "plugin_bad"} & set(sys.modules)
    assert qi.METHODS["steady"].name == "steady"
    assert "plugin_bad" not in sys.modules


ENCODER = """
import numpy as np
import quasar_index as qi

class Plain:
    def __init__(self, spec):
        self.spec = spec
    def prepare(self, image):
        return self.spec.input.apply(image)
    def forward(self, batch):
        return np.float32(batch.mean(axis=(1, 2)) + 1)

class Frozen(Plain):
    spec = property(lambda self: self._spec)
    def __init__(self, spec):
        self._spec = spec

given = []

def load(name, rule, **options):
    given.append((rule, options))
    return Plain(qi.EncoderSpec(name, 3, fingerprint="plain-1", input=rule, layers=options["layers"]))

def other_name(name, rule, **options):
    return Plain(qi.EncoderSpec("other", 3, fingerprint="plain-1", input=rule))

def no_fingerprint(name, rule, **options):
    return Plain(qi.EncoderSpec(name, 3, input=rule))

def frozen(name, rule, **options):
    return Frozen(qi.EncoderSpec(name, 3, fingerprint="plain-1", input=rule))

def fails(name, **options):
    raise RuntimeError("no weights\\nat all")

def made(load):
    return qi.encoders.EncoderPlugin(load, 3, qi.encoders.InputRule("crop", 64), layers=("last", "first"))

GOOD, OTHER, BARE, FROZEN, FAILS = map(made, (load, other_name, no_fingerprint, frozen, fails))
"""
ENTRIES = """[quasar_index.encoders]
plain = plugin_plain:GOOD
renamed = plugin_plain:OTHER
bare = plugin_plain:BARE
frozen = plugin_plain:FROZEN
fails = plugin_plain:FAILS
"""


def test_an_encoder_of_a_plugin_is_given_what_the_user_asks_for(site, tmp_path):
    write_package(site, "plugin-plain", "4.0", ENTRIES, ENCODER)
    encoder = qi.load_encoder("plain")
    assert encoder.spec.plugin == "plugin-plain 4.0"
    assert (str(encoder.spec.input), encoder.spec.layers) == ("crop-64", "last")
    (tmp_path / "w.safetensors").write_bytes(b"x")
    qi.load_encoder(
        "plain", weights=str(tmp_path / "w.safetensors"), layers="first", input_rule="at-most=96", device="cpu",
        precision="fp32", n_images=7,
    )  # fmt: skip
    rule, options = sys.modules["plugin_plain"].given[-1]
    assert str(rule) == "at-most=96"
    assert options == {
        "weights": tmp_path / "w.safetensors", "layers": "first", "device": "cpu", "precision": "fp32", "n_images": 7,
    }  # fmt: skip
    entry = qi.ENCODERS["plain"]
    assert (entry.family, entry.dim, entry.input, entry.package) == ("plugin", 3, "crop-64", "plugin-plain 4.0")
    with pytest.raises(qi.EncoderError, match=r"'plain' has no layers 'middle'; use --layers last or first"):
        qi.load_encoder("plain", layers="middle")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("renamed", "has a faulty encoder 'renamed': its spec is called 'other'; tell its authors"),
        ("bare", "its spec has no fingerprint of the weights"),
        ("frozen", "its spec cannot be read and set"),
        ("fails", r"the plugin plugin-plain 4.0 cannot load 'fails' \(RuntimeError: no weights\); tell its authors"),
    ],
)
def test_a_faulty_encoder_is_one_line(site, name, message):
    write_package(site, "plugin-plain", "4.0", ENTRIES, ENCODER)
    with pytest.raises(qi.EncoderError, match=message) as caught:
        qi.load_encoder(name)
    assert "\n" not in str(caught.value)


def test_the_plugin_of_an_encoder_is_recorded_and_tells_no_two_specs_apart(site):
    write_package(site, "plugin-plain", "4.0", ENTRIES, ENCODER)
    spec = qi.load_encoder("plain").spec
    again = qi.EncoderSpec.from_dict(spec.to_dict())
    assert again.plugin == "plugin-plain 4.0"
    newer = qi.EncoderSpec.from_dict(spec.to_dict() | {"plugin": "plugin-plain 5.0"})
    assert (newer, newer.key, newer.difference(spec)) == (spec, spec.key, "")
    assert "plugin" not in qi.load_encoder().spec.to_dict()
    with pytest.raises(qi.EncoderError, match="names its plugin wrongly"):
        qi.EncoderSpec.from_dict(spec.to_dict() | {"plugin": 5})


@pytest.mark.parametrize("package", ["plugin-plain 4.0", "x; rm -rf / 1", "a" * 200 + " 1"])
def test_a_missing_plugin_is_named_if_it_looks_like_a_package(package):
    spec = qi.EncoderSpec("gone", 3, "f", qi.encoders.InputRule("none"), plugin=package)
    with pytest.raises(qi.EncoderError, match="'gone' comes with a plugin that is not here") as caught:
        qi.encoders.LazyEncoder(spec)
    assert (package in str(caught.value)) == (package == "plugin-plain 4.0")


def test_start_up_looks_for_no_plugins():
    code = (
        "import importlib.metadata as m, sys; looked = []\n"
        "real = m.entry_points\n"
        "m.entry_points = lambda **k: (looked.append(k), real(**k))[1]\n"
        "import quasar_index as qi\n"
        "ours = lambda: [k['group'] for k in looked if 'quasar_index' in k.get('group', '')]\n"
        "qi.read_method('mean'), qi.encoders.check_encoder('efficientnet-lite0')\n"
        "qi.datasets.find_dataset('koniq10k'), qi.ENCODERS['grepq'], qi.DATASETS['ava']\n"
        "print(ours()); 'x' in qi.METHODS; print(ours())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n['quasar_index.methods']\n"
