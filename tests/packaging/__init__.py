"""What strangers install: the archives, and what they do in fresh environments. `python -m tests.packaging --help`."""
