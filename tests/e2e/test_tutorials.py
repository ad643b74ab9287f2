"""The tutorials keep their word: each is followed in an empty folder, and prints what it shows."""

from pathlib import Path

import pytest

from tests.tutorials import DOCS, Command, File, differences, follow, read_page

PAGES = sorted((DOCS / "tutorials").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_prints_what_it_shows(page: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    differ = follow(page, tmp_path_factory.mktemp("t"))  # a short name: tables fold long paths
    assert not differ, "\n\n".join([*differ, "python -m tests.tutorials PAGE writes it anew"])


def test_every_command_of_a_tutorial_runs() -> None:
    """What is not run stands in a block of another language: set-up, and what needs a network."""
    not_run = {"index": 4, "paper": 5}
    for page in PAGES:
        lines = page.read_text(encoding="utf-8").splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("```bash")]
        found = sum(lines[number + 1 :].index("```") for number in fences)
        assert found == not_run.get(page.stem, 0), page
        steps = read_page(page)
        assert sum(line.startswith("$ ") for line in lines) == sum(isinstance(step, Command) for step in steps)
        assert sum(line.startswith(":caption:") for line in lines) == sum(isinstance(step, File) for step in steps)


@pytest.mark.parametrize(
    ("shown", "printed", "is_same"),
    [
        ("mean  0.512\n4 images in 0.9 s (3.5/s)", "mean 0.513\n4 images in 12 s (0.1/s)", True),
        ("mean 0.512", "mean 0.612", False),
        ("mean 0.512", "mean 0.512\nknn 0.4", False),
        ("4 images", "5 images", False),
        ("first\n...\nlast", "first\nsecond 0.1\nlast", True),
        ("first\n...\nlast", "first\nlast", True),
        ("first\n...\nlast", "second\nlast", False),
        ("...", "", True),
    ],
)
def test_what_is_shown_is_compared(shown: str, printed: str, is_same: bool) -> None:
    assert (differences(shown, printed) is None) == is_same
