# Needs make, a POSIX shell and Python 3.11 or newer; `make` alone lists what can be made.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
MINUTES ?= 5

BIN   := $(VENV)/bin
STAMP := $(VENV)/.set-up

.DEFAULT_GOAL := help
.PHONY: help setup run test crash crash-cluster soak check bench bench-quick profile docs lock clean
.PHONY: peers

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The stamp names the place and the contents, so a moved tree or a changed lock sets up anew and all else costs nothing.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

setup: ## Make .venv with the locked dependencies and the project in it
	@want="$(CURDIR) $$(cat requirements.lock pyproject.toml | cksum)"; have=$$(cat $(STAMP) 2>/dev/null); \
	if [ "$$have" = "$$want" ] && $(BIN)/python -c '' 2>/dev/null; then exit 0; fi; \
	set -e; \
	case "$$have" in ""|"$(CURDIR) "*) here=yes ;; *) here=no ;; esac; \
	if [ $$here = no ] || ! $(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null || ! $(PIP) --version >/dev/null 2>&1; then \
	  for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 none; do \
	    $$python -c '$(NEW_ENOUGH)' 2>/dev/null && break; \
	  done; \
	  if [ $$python = none ]; then \
	    echo "Vestnik needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true):" \
	      "name a newer one with PYTHON=, for instance: make setup PYTHON=/opt/python3.12/bin/python3" >&2; exit 1; \
	  fi; \
	  $$python -m venv --clear $(VENV); \
	fi; \
	rm -f $(STAMP); \
	echo "Installing the locked dependencies into $(VENV), which takes a minute or two ..."; \
	$(PIP) install --require-hashes --no-deps -r requirements.lock; \
	$(PIP) install --no-build-isolation --no-deps --editable .; \
	echo "$$want" >$(STAMP)

run: setup ## Set up and run the service with its emulators and sample accounts
	@exec $(BIN)/vestnik serve --demo $(ARGS)

test: setup ## Set up and run all tests; ARGS="-k dedupe" picks some
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

crash: setup ## Kill the service a hundred times and count; CRASH_KILLS=N for another number, CRASH_SEED=N repeats a run
	@CRASH_KILLS=$${CRASH_KILLS:-100} $(BIN)/python -m pytest tests/crash $(ARGS)

crash-cluster: setup ## Do everything to a cluster ten times over and count; CRASH_ROUNDS=N for another number
	@CRASH_ROUNDS=$${CRASH_ROUNDS:-10} $(BIN)/python -m pytest tests/cluster/test_crashes.py $(ARGS)

soak: setup ## A steady load with faults, watched for growth; MINUTES=N for other than 5
	@$(BIN)/python -m tests.soak --minutes $(MINUTES)

check: setup ## Lint, format check, types and the arrows between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The peers' virtualenv is apart from the project's: their versions are their own affair.
PEERS       := $(VENV)/peers
PEERS_LOCK  := benchmarks/peers/requirements.lock
PEERS_READY := $(PEERS)/.set-up

peers: setup
	@want="$(CURDIR) $$(cksum <$(PEERS_LOCK))"; \
	if [ "$$(cat $(PEERS_READY) 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	set -e; \
	echo "Installing what is compared with into $(PEERS) ..."; \
	$(BIN)/python -m venv --clear $(PEERS); \
	$(PEERS)/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
	  --require-hashes --no-deps -r $(PEERS_LOCK); \
	echo "$$want" >$(PEERS_READY)

bench: peers ## Measure against the peers and write docs/performance.md; takes an hour, Linux only
	@$(BIN)/python -m benchmarks --write $(ARGS)

bench-quick: setup ## Measure a little of everything in three minutes; ARGS="--only intake" picks
	@$(BIN)/python -m benchmarks --quick $(ARGS)

profile: peers ## Draw flame graphs of intake and drain into vestnik-data/profile, with where the time goes
	@$(BIN)/python -m benchmarks.profile --py-spy $(PEERS)/bin/py-spy $(ARGS)

docs: setup ## Write docs/lifecycle.md from the domain, and the table of docs/reliability.md from what happens
	@$(BIN)/python -m tests.house.lifecycle_doc
	@$(BIN)/python -m tests.crash.lost_replies

# uv resolves for all supported Pythons and platforms at once and asks the public registry alone, whatever pip is told.
LOCK = $(VENV)/lock/bin/uv pip compile --quiet --no-config --system-certs \
  --custom-compile-command "make lock" --universal --python-version 3.11 --generate-hashes

lock: ## Make the locks anew; ARGS=--upgrade takes the newest versions
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && \
	  $(VENV)/lock/bin/python -m pip install --quiet --quiet uv; }
	$(LOCK) --all-extras $(ARGS) -o requirements.lock pyproject.toml
	$(LOCK) --extra cluster --no-annotate --constraint requirements.lock -o locks/runtime.lock pyproject.toml
	$(LOCK) --no-annotate $(ARGS) -o $(PEERS_LOCK) benchmarks/peers/requirements.in
	echo hatchling | $(LOCK) --no-annotate --constraint requirements.lock -o locks/build.lock -

clean: ## Remove .venv and what tools left behind, never data
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
