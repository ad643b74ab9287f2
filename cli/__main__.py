"""`python -m quasar_index.cli`."""

from .main import run

run()
