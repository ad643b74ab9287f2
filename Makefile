# Set-up in one step: every target makes .venv if it is missing or older than the lock. uv where it is installed, else pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: demo test torture bench lint types check page lock clean

demo: $(VENV)/.installed ## Build an index of demonstration photographs and try the aggregations
	$(BIN)/quasar-index demo

test: $(VENV)/.installed-test ## Run the tests, offline
	$(BIN)/python -m pytest

# Parameters of the long run; make torture KILLS=20 FAULTS=10 IMAGES=500 STRESS=20 ROUNDS=7 is a short one.
KILLS ?= 240
FAULTS ?= 120
IMAGES ?= 20000
STRESS ?= 600
ROUNDS ?= 35
EXAMPLES ?= 1000
SEED ?= 0

torture: $(VENV)/.installed-test ## Crashes, full disks, dying workers, readers beside a writer, mutated images: about half an hour
	@failed=0; \
	$(BIN)/python -m tests.torture.crashes --kills $(KILLS) --faults $(FAULTS) --seed $(SEED) || failed=1; \
	$(BIN)/python -m tests.torture.concurrency --seconds $(STRESS) --seed $(SEED) || failed=1; \
	$(BIN)/python -m tests.torture.cluster --rounds $(ROUNDS) --seed $(SEED) || failed=1; \
	$(BIN)/python -m tests.torture.mutated_images --count $(IMAGES) --seed $(SEED) || failed=1; \
	QUASAR_INDEX_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q tests/property || failed=1; \
	exit $$failed

# BENCH=defaults compares encoders, spaces, weights and methods; ARGS=--help says how.
BENCH ?= suite
bench: $(VENV)/.installed ## Measure speed and memory on this machine; make bench ARGS="--quick", ARGS=--help lists the options
	$(BIN)/python -m tests.benchmarks.$(BENCH) $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

check: lint types test ## All that CI runs

# Each set holds the one before it; the package itself is installed editable, without looking for dependencies again.
$(VENV)/.installed: requirements/run.lock pyproject.toml
	$(call install,run)
$(VENV)/.installed-test: requirements/test.lock pyproject.toml
	$(call install,test)
$(VENV)/.installed-dev: requirements/dev.lock pyproject.toml
	$(call install,dev)

ifdef UV
define install
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/$(1).lock
	uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
endef
else
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/$(1).lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@
endef
endif

page: ## Rebuild the explorer's page from its sources (needs Node.js 20 or newer)
	cd quasar_index/explorer/front && npm ci --ignore-scripts --no-audit --no-fund && node build.js

lock: ## Renew the locks (needs uv): one resolution for every Python and platform
	for set in run:"" test:"--extra test" dev:"--extra dev"; do \
		uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
			$${set#*:} pyproject.toml --output-file requirements/$${set%%:*}.lock || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
