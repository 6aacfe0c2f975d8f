# The same commands for a person and for the pipeline. Needs Python 3.11 or newer with its venv module, and nothing else:
# everything goes into .venv, at the versions of constraints.txt. Nothing but the installation reaches the network.

PYTHON ?= python3
PIP_VERSION := 26.3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
# On a terminal pip shows what it downloads and how far that is. What it remarks on its settings is shown when it fails.
PIP := $(BIN)/python -m pip install --disable-pip-version-check $(shell test -t 1 || echo --quiet)
LOCKED := -c constraints.txt --build-constraint constraints.txt
install = $(PIP) $(1) 2>$(VENV)/pip-errors || { cat $(VENV)/pip-errors >&2; exit 1; }

# One thread a process: the tests run in $(WORKERS) processes, and the demo's images are too small to share among threads.
check test weekly demo tables wheel: export OMP_NUM_THREADS ?= 1
# What is compiled once need not be again in each of the hundred processes that the tests start; some shells forbid it.
check test weekly demo tables: export PYTHONDONTWRITEBYTECODE :=
# mkdocs-material warns of another program's next version, which constraints.txt keeps out.
check docs: export NO_MKDOCS_2_WARNING := 1

.PHONY: help demo check format lint types floors test weekly docs tables wheel bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the main job on the embedded models, offline; leaves demo-output/"
	@echo "make check   format, lint, types, floors, tests, docs: what must pass before a change lands"
	@echo "make weekly  the tests that take long: published figures measured again, whole searches, training"
	@echo "make tables  the papers' tables and ours, cut short to ten minutes, on the embedded models; leaves bench-output/"
	@echo "make wheel   the wheel and what it depends on, in an environment of their own, where a small demo runs"
	@echo "make bench   the benchmarks that need no data of their own"
	@echo "make docs    the documentation, in site/"
	@echo "make clean   remove what the others made"

$(VENV)/stamp-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "needs Python 3.11 or newer, $(PYTHON) is '$$($(PYTHON) --version 2>&1)': try make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo "$(PYTHON) has no venv module: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@echo "once, step 1: a new environment in $(VENV), with pip $(PIP_VERSION) (2 MB)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call install,pip==$(PIP_VERSION))
	@touch $@

$(VENV)/stamp-package: $(VENV)/stamp-python pyproject.toml constraints.txt
	@echo "once, step 2: wherefrom and about 60 packages that it needs: 0.4 GB, or 3 GB where torch brings CUDA libraries; minutes"
	@$(call install,$(LOCKED) -e .)
	@touch $@

# All at once, in place of step 2. Without --no-compile, pip alone compiles 16,000 modules, for longer than it installs;
# so each is compiled by the first program that imports it.
$(VENV)/stamp-dev: $(VENV)/stamp-python pyproject.toml constraints.txt
	@echo "once, step 2, for developers: wherefrom and about 160 packages: 0.6 GB, or 3 GB where torch brings CUDA libraries; minutes"
	@$(call install,--no-compile $(LOCKED) -e '.[heif]' --group dev --group docs)
	@touch $(VENV)/stamp-package $@

demo: $(VENV)/stamp-package
	$(BIN)/wherefrom demo --out-dir demo-output

# First what takes seconds; then the rest beside the tests, so that no processor waits for another.
check: $(VENV)/stamp-dev
	+@$(MAKE) --no-print-directory format lint
	+@$(MAKE) --no-print-directory --jobs=4 floors types docs test

format: $(VENV)/stamp-dev
	$(BIN)/ruff format --check

lint: $(VENV)/stamp-dev
	$(BIN)/ruff check

types: $(VENV)/stamp-dev
	$(BIN)/mypy

floors: $(VENV)/stamp-dev
	$(BIN)/lint-imports

# `worksteal` keeps the tests of a file together, and with them what they share.
test: $(VENV)/stamp-dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not weekly"

weekly: $(VENV)/stamp-dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m weekly

docs: $(VENV)/stamp-dev
	$(BIN)/mkdocs build --strict --quiet

tables: $(VENV)/stamp-package
	$(BIN)/wherefrom bench --quick

wheel: $(VENV)/stamp-dev
	rm -rf build/wheel
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(PYTHON) -m venv build/wheel/env
	build/wheel/env/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt build/wheel/*.whl
	cd build/wheel && env/bin/wherefrom demo --count 60 --size 64 --out-dir demo-output

bench: $(VENV)/stamp-package
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/rules.py
	$(BIN)/python benchmarks/aedr.py

clean:
	rm -rf $(VENV) build dist site demo-output bench-output bench-work .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
