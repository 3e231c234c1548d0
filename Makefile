PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help lab test soak bench reference figures clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: .venv/lab ## install what is needed into .venv and open the first notebook
	$(BIN)/python -m jupyterlab notebooks/00_start_here.ipynb

test: .venv/test ## lint, check the types and run all tests
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict spanlab
	$(BIN)/python -m pytest

soak: .venv/test ## run the tests of threads and schedules at full length
	SPANLAB_SOAK=1 $(BIN)/python -m pytest -s tests/tokio/test_os_threads.py tests/tokio/test_asyncio_loop.py \
	  tests/tokio/test_explore.py tests/tokio/test_faults.py tests/tokio/test_deadlocks.py

bench: .venv/test ## measure against OpenTelemetry and asyncio, write BENCHMARKS.md
	$(BIN)/python tests/tools/bench.py

reference: .venv/test ## run the real crates again and store what they print (needs cargo)
	$(BIN)/python tests/reference/record.py
	$(BIN)/python tests/conformance/record.py
	$(BIN)/python tests/lesson/playground/record.py

figures: .venv/test ## draw the pictures of the README again
	$(BIN)/python tests/tools/figures.py

clean: ## remove .venv and everything that was generated
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# .venv/lab and .venv/test are stamps: a warm .venv is installed again only when these files change.
.venv/lab: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/test: requirements-test.txt .venv/lab
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.txt
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "spanlab needs Python 3.11 or newer, got: $$($(PYTHON) --version 2>&1)."; \
	  echo "Write: make PYTHON=python3.13 $(firstword $(MAKECMDGOALS))"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
