"""Which examples are tried: the same at every run of the gate, new ones in the long run (`make torture`)."""

import os

from hypothesis import settings

settings.register_profile("gate", derandomize=True)
if "QUASAR_INDEX_EXAMPLES" not in os.environ:
    settings.load_profile("gate")
