# The two commands that do everything: `make run` and `make test`. Both prepare .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLOWS := $(wildcard flows/*.yaml)
BROKEN := $(wildcard flows/broken/*.yaml)
# Tests of calls at once: they mostly wait, so that two cores bear three.
CALLS := $(shell [ "$$(nproc 2>/dev/null || echo 2)" -ge 4 ] && echo 4 || echo 3)

.DEFAULT_GOAL := help
.PHONY: help setup run test types computing check format lock clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(VENV)/.prompts ## prepare .venv and the example recordings

$(VENV)/.ready: pyproject.toml .requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("ivrtest needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.prompts: $(VENV)/.ready $(FLOWS) $(BROKEN)
	$(BIN)/ivrtest prompts render --quiet $(FLOWS) $(BROKEN)
	@touch $@

run: setup ## check the flows, call them for real, write the reports
	$(BIN)/ivrtest check $(FLOWS)
	$(BIN)/ivrtest run

# Types are checked beside the tests that compute. Those that place calls in real time come after: beside them, a busy machine would be
# all they found. A machine that stands still for half a second spoils any call: of those that fail, up to ten are held once more, and
# printed with what they said.
test: setup ## lint, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 types computing
	$(BIN)/pytest -m calls -n $(CALLS) --reruns 1 --max-suite-reruns 10 --rerun-show-tracebacks
	$(BIN)/python -m tests.fuzz.campaign --seconds 10

types:
	$(BIN)/mypy

computing:
	$(BIN)/pytest -m "not calls" -n auto --dist loadgroup

format: setup ## put the code in house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## lock the newest versions that fit (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra speech --extra pyvoip --extra srtp --extra codecs --extra keyring --extra dev --output-file .requirements.txt pyproject.toml .ci/build-requirements.in

clean: ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis flows/prompts flows/broken/prompts
	find reports -mindepth 1 -maxdepth 1 ! -name .gitkeep ! -name example -exec rm -rf {} +
