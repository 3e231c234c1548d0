# The account that hosts this repository: change it here, then `make links`.
OWNER := OWNER
SHELL := bash
PYTHON ?= python3
VENV ?= .venv
PYTHONS := 3.11 3.12 3.13
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# It asks each reader whether to fetch news about Jupyter.
NEWS := @jupyterlab/apputils-extension:announcements
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help lab test test-all soak bench reference figures links site site-test clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: $(VENV)/lab ## install what is needed into .venv and open the first notebook
	@$(if $(AS_ROOT),echo "You are root: so JupyterLab gets --allow-root.")
	@echo "Opening the first lesson. Control-C stops it. Where no browser opens, take this address:"
	@$(BIN)/python -m jupyterlab $(AS_ROOT) --notebook-dir=notebooks \
	  --ServerApp.log_level=WARN --LabApp.log_level=WARN \
	  --LabApp.default_url=/lab/tree/00_start_here.ipynb

test: $(VENV)/test ## lint, check the types and run all tests
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict spanlab
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: ## the same on every Python that is supported, each in a .venv of its own
	@for version in $(PYTHONS); do \
	  python=$$(pyenv prefix $$(pyenv latest $$version 2>/dev/null) 2>/dev/null)/bin/python; \
	  [ -x "$$python" ] || python=python$$version; \
	  echo "Python $$version"; $(MAKE) test VENV=.venv-$$version PYTHON=$$python || exit 1; \
	done

soak: $(VENV)/test ## run the tests of threads, schedules, promises, changed traces and repairs at full length
	SPANLAB_SOAK=1 $(BIN)/python -m pytest -s tests/tokio tests/causes/test_promises.py \
	  tests/view/test_mutations.py tests/view/test_big.py tests/yours/test_audit.py \
	  tests/browser/test_browser_stepper.py

bench: $(VENV)/test ## measure against OpenTelemetry and asyncio, write BENCHMARKS.md
	$(BIN)/python tests/tools/bench.py

reference: $(VENV)/test ## run the real crates again and store what they print (needs cargo)
	$(BIN)/python tests/reference/record.py
	$(BIN)/python tests/conformance/record.py
	$(BIN)/python tests/lesson/playground/record.py

figures: $(VENV)/test ## draw the pictures of the README again
	PYTHONPATH=tests $(BIN)/python tests/tools/figures.py

links: ## write the account that is named in the Makefile into the links of README
	@[ "$(OWNER)" != OWNER ] || echo "No account is named yet: write it into the Makefile, as OWNER."
	sed -i.old -E 's#(mybinder\.org/v2/gh/)[^/]+#\1$(OWNER)#g; s#https://[^./]+(\.github\.io/spanlab)#https://$(OWNER)\1#g' README.md
	rm README.md.old

site: $(VENV)/site ## build the pages that are read, and those that run in the browser: site/ and site.zip
	@rm -rf site site.zip
	PYTHONPATH=. $(BIN)/python notebooks/site/build.py site

site-test: $(VENV)/test ## work every control of site/ in a browser, run a lesson; SPANLAB_SOAK=1: all
	SPANLAB_SITE=site $(BIN)/python -m pytest -s tests/browser/test_browser_site.py \
	  tests/browser/test_browser_lite.py

clean: ## remove .venv and everything that was generated
	rm -rf .venv .venv-3.* .pytest_cache .mypy_cache .ruff_cache build dist site site.zip *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +

# pip tells all or nothing: of all that it tells, this says how far it is.
define install
	@echo "Installing what $(1) names into $(VENV)"
	@set -o pipefail; $(PIP) install -r $(1) | while IFS= read -r line; do case $$line in \
	  Collecting*) n=$$((n + 1)); [ $$((n % 20)) -gt 0 ] || echo "  $$n packages found" ;; \
	  "Installing collected"*) echo "  $$n packages in all: unpacking them" ;; \
	  esac; done
endef

# lab, test and site in it are stamps: a warm .venv is installed again only when these files change.
$(VENV)/lab: requirements.txt pyproject.toml | $(BIN)/python
	$(call install,requirements.txt)
	@echo "Installing spanlab itself"
	@$(PIP) install -q --no-deps -e .
	@$(BIN)/jupyter labextension disable --log-level=ERROR $(NEWS)
	@touch $@

$(VENV)/test: requirements-test.txt $(VENV)/lab
	$(call install,requirements-test.txt)
	@touch $@

# Pyodide and Graphviz for the browser come from npm, the rest of the running pages from pip.
$(VENV)/site: requirements-site.txt notebooks/site/package.json $(VENV)/lab
	@command -v npm >/dev/null || { echo "npm is missing, which brings Python for the browser."; \
	  echo "On Debian: apt-get install npm"; exit 1; }
	$(call install,requirements-site.txt)
	@cp notebooks/site/package.json $(VENV)/
	@npm install --prefix $(VENV) --silent --no-audit --no-fund --no-package-lock --ignore-scripts
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "spanlab needs Python 3.11 or newer, got: $$($(PYTHON) --version 2>&1)."; \
	  echo "Write: make PYTHON=python3.13 $(firstword $(MAKECMDGOALS))"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
