"""Figures of memory, each measured in a process of its own.

"Peak memory" is the largest resident size of the process (`ru_maxrss`). The pages of the mapped matrix count, though
the system could take them back; so a figure of 1 means that there is one copy of the matrix and nothing else. For
adaptive scoring, what the libraries take before any anchor is read (about 0.8 GB with a CUDA build of torch, whatever
the index) is subtracted; the ratio with it, what the process has of its own (anonymous memory) and what is mapped stand
beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from .synthetic import photographs, synthetic_index

if TYPE_CHECKING:
    from .figures import BenchOptions

_MEASURED = """
import json, resource, sys, threading
from quasar_index.benchmarks.timing import PeakMemory, anonymous_bytes, mapped_bytes
{setup}
before = anonymous_bytes() + mapped_bytes()
with PeakMemory() as memory:
{work}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({{"peak": peak, "before": before, "own": memory.n_bytes, "mapped": mapped_bytes()}}))
"""

_ADAPTIVE = (
    """
import quasar_index as qi
from quasar_index.benchmarks.synthetic import embeddings
path, n_queries, top_k, dim = sys.argv[1], *map(int, sys.argv[2:5])
queries = embeddings(n_queries, dim=dim, seed=1)
few = qi.make_anchors(queries[:64], quality=range(min(64, n_queries)))
qi.Scorer(few, qi.Retrieval(top_k=2), space="raw").score_embeddings(queries[:8])  # loads the libraries
""",
    """
    scorer = qi.Scorer(qi.AnchorIndex.open(path), qi.Retrieval(top_k=top_k), space="raw")
    scorer.score_embeddings(queries)
""",
)

_STREAM = (
    """
import itertools
import numpy as np
import quasar_index as qi
n, paths = int(sys.argv[1]), sys.argv[2:]
encoder = qi.load_encoder("efficientnet-lite0", layers="final", input_rule="crop-64", device="cpu", precision="fp32")
rng = np.random.default_rng(0)
scorer = qi.Scorer(qi.make_anchors(rng.normal(size=(100, encoder.spec.dim)), quality=rng.random(100)), encoder=encoder)
""",
    """
    count = sum(1 for _ in scorer.score_files(itertools.islice(itertools.cycle(paths), n)))
    assert count == n
""",
)


def adaptive(options: BenchOptions, n: int) -> dict[str, Any]:
    """Compare the peak of opening an index and scoring queries adaptively with the size of its matrix."""
    index = synthetic_index(options.path, n, dim=options.dim)
    index.anchors()  # the cache is there
    found = _measure(_ADAPTIVE, str(index.path), options.n_queries, options.top_k, options.dim)
    matrix = n * options.dim * 4
    ratio = (found["peak"] - found["before"]) / matrix
    return {
        "median": ratio, "low": ratio, "high": ratio, "rounds": 1,
        "detail": {
            "peak_bytes": found["peak"], "matrix_bytes": matrix, "own_bytes": found["own"],
            "mapped_bytes": found["mapped"], "library_bytes": found["before"],
            "own_over_matrix": found["own"] / matrix, "with_libraries_over_matrix": found["peak"] / matrix,
        },
    }  # fmt: skip


def stream(options: BenchOptions) -> dict[str, Any]:
    """Compare the peaks of scoring a few and many image files, through a real network at 64 pixels."""
    paths = list(options.images) or photographs(options.path, min(64, options.stream[0]), height=320, width=480)
    few, many = (_measure(_STREAM, n, *paths[:64]) for n in options.stream)
    ratio = many["peak"] / few["peak"]
    return {
        "median": ratio, "low": ratio, "high": ratio, "rounds": 1,
        "detail": {"n_images": list(options.stream), "peak_bytes": [few["peak"], many["peak"]],
                   "own_bytes": [few["own"], many["own"]]},
    }  # fmt: skip


def _measure(script: tuple[str, str], *arguments: object) -> dict[str, int]:
    found: dict[str, int] = json.loads(
        _run(_MEASURED.format(setup=script[0], work=script[1].strip("\n")), list(map(str, arguments))).splitlines()[-1]
    )
    return found


def _run(code: str, arguments: list[str]) -> str:
    """Run code in a process of its own; return what it prints."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the measured process failed:\n{done.stderr}")
    return done.stdout
