SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# It asks each reader whether to fetch news about Jupyter.
NEWS := @jupyterlab/apputils-extension:announcements
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help lab test soak bench reference figures clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: .venv/lab ## install what is needed into .venv and open the first notebook
	@$(if $(AS_ROOT),echo "You are root: so JupyterLab gets --allow-root.")
	@echo "Opening the first lesson. Control-C stops it. Where no browser opens, take this address:"
	@$(BIN)/python -m jupyterlab $(AS_ROOT) --notebook-dir=notebooks \
	  --ServerApp.log_level=WARN --LabApp.log_level=WARN \
	  --LabApp.default_url=/lab/tree/00_start_here.ipynb

test: .venv/test ## lint, check the types and run all tests
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict spanlab
	$(BIN)/python -m pytest

soak: .venv/test ## run the tests of threads, schedules, promises and changed traces at full length
	SPANLAB_SOAK=1 $(BIN)/python -m pytest -s tests/tokio tests/causes/test_promises.py \
	  tests/view/test_mutations.py tests/view/test_big.py

bench: .venv/test ## measure against OpenTelemetry and asyncio, write BENCHMARKS.md
	$(BIN)/python tests/tools/bench.py

reference: .venv/test ## run the real crates again and store what they print (needs cargo)
	$(BIN)/python tests/reference/record.py
	$(BIN)/python tests/conformance/record.py
	$(BIN)/python tests/lesson/playground/record.py

figures: .venv/test ## draw the pictures of the README again
	PYTHONPATH=tests $(BIN)/python tests/tools/figures.py

clean: ## remove .venv and everything that was generated
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# pip tells all or nothing: of all that it tells, this says how far it is.
define install
	@echo "Installing what $(1) names into .venv"
	@set -o pipefail; $(PIP) install -r $(1) | while IFS= read -r line; do case $$line in \
	  Collecting*) n=$$((n + 1)); [ $$((n % 20)) -gt 0 ] || echo "  $$n packages found" ;; \
	  "Installing collected"*) echo "  $$n packages in all: unpacking them" ;; \
	  esac; done
endef

# .venv/lab and .venv/test are stamps: a warm .venv is installed again only when these files change.
.venv/lab: requirements.txt pyproject.toml | .venv/bin/python
	$(call install,requirements.txt)
	@echo "Installing spanlab itself"
	@$(PIP) install -q --no-deps -e .
	@$(BIN)/jupyter labextension disable --log-level=ERROR $(NEWS)
	@touch $@

.venv/test: requirements-test.txt .venv/lab
	$(call install,requirements-test.txt)
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "spanlab needs Python 3.11 or newer, got: $$($(PYTHON) --version 2>&1)."; \
	  echo "Write: make PYTHON=python3.13 $(firstword $(MAKECMDGOALS))"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
