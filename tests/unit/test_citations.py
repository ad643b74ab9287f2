"""Comments and texts cite only what a reader of the repository has: papers, and files that are here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXEMPT = ("quasar_index/methods/", "quasar_index/sweep/")
"""Folders that still cite something else: to be emptied."""
ELSEWHERE = re.compile(r"\bissue #?\d|\bshared/|\b[\w-]+\.md\b", re.IGNORECASE)


def test_nothing_outside_the_repository_is_cited() -> None:
    files = [ROOT / "pyproject.toml", ROOT / "Makefile"]
    for folder in ("quasar_index", "cli", "tests"):
        files += [
            file for suffix in ("py", "pyi", "sh", "css", "js", "html") for file in (ROOT / folder).rglob(f"*.{suffix}")
        ]
    cited = [
        f"{name}: {found}"
        for file in files
        if not (name := str(file.relative_to(ROOT))).startswith(EXEMPT)
        for found in ELSEWHERE.findall(file.read_text(encoding="utf-8"))
        if not (ROOT / found).is_file()
    ]
    assert not cited, "say the thing itself in a few words"
