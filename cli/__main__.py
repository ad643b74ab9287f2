"""`python -m quasar_index.cli`."""

from .main import main

main()
