"""Packages with entry points, installed into a folder of their own."""

from pathlib import Path

import quasar_index as qi

REGISTRIES = (qi.ENCODERS, qi.DATASETS, qi.METHODS, qi.SELECTORS)


def write_package(site: Path, name: str, version: str, entry_points: str, code: str) -> None:
    """Write a module and what an installer says of it: a package as `pip install --target` leaves it."""
    module = name.replace("-", "_")
    site.joinpath(f"{module}.py").write_text(code, encoding="utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    info.joinpath("entry_points.txt").write_text(entry_points, encoding="utf-8")


def forget() -> None:
    """Let all registries look for plugins anew."""
    for registry in REGISTRIES:
        registry.forget()
