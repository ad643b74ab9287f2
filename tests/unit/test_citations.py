"""Comments and texts cite only what a reader of the repository has: papers, and files that are here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"\bissue #?\d|\bshared/|\b[\w-]+\.md\b", re.IGNORECASE)


def test_nothing_outside_the_repository_is_cited() -> None:
    files = [ROOT / "pyproject.toml", ROOT / "Makefile"]
    pages = {page.name for page in (ROOT / "docs").rglob("*.md")}
    for folder in ("quasar_index", "cli", "tests"):
        files += [
            file
            for suffix in ("py", "pyi", "sh", "css", "js", "html")
            for file in (ROOT / folder).rglob(f"*.{suffix}")
            if "node_modules" not in file.parts
        ]
    cited = [
        f"{file.relative_to(ROOT)}: {found}"
        for file in files
        for found in ELSEWHERE.findall(file.read_text(encoding="utf-8"))
        if not (ROOT / found).is_file() and found not in pages
    ]
    assert not cited, "say the thing itself in a few words"
