# `make help` says what there is. Node comes from PyPI into .venv, so a machine needs only
# Python >= 3.11 with venv, make and git (and apt, for the browser of the tests).
PYTHON ?= python3

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
# Only what a recipe names is run: node and npm are those of .venv, whatever else there is.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv/bin/python
PIP := $(VENV) -m pip install --quiet --constraint constraints.txt
PYTEST := $(VENV) -m pytest
STATIC := src/celltrail/views/static
BUNDLE := $(STATIC)/run_table.js
JS_SOURCES := $(shell find js -name node_modules -prune -o -type f -print)

##@ Use
.PHONY: help demo lab
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { print "\n" substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.installed ## Run the demo notebook headless and say what it found and where it is
	$(VENV) notebooks/run_demo.py

lab: .venv/.installed build/lab/demo.ipynb ## Open a copy of the demo notebook in JupyterLab
	cd build/lab && $(CURDIR)/$(VENV) -m jupyterlab $$([ "$$(id -u)" != 0 ] || echo --allow-root) demo.ipynb

##@ Develop
.PHONY: test test-all soak bench overhead scale views live live-soak build lint format notebooks commands clean
test: test-checks test-fast test-parts test-soak-and-notebooks test-browser ## Run every test, under 15 minutes on 2 cores

test-all: test ## Run test, other versions of Python and of what we stand on, and the browser tests again
	$(PYTEST) tests -m heavy
	THOROUGH=1 $(PYTEST) tests/property -n 2 --dist loadfile
	for again in 1 2 3; do $(MAKE) test-browser; done

soak: .venv/.dev ## Write, read and kill for MINUTES (10), and see that nothing is lost
	$(VENV) tests/soak/run.py --minutes $(or $(MINUTES),10)

bench: .venv/.dev ## Measure the targets side by side with other trackers, in the README too
	$(VENV) tests/benchmarks/run.py $(or $(ARGS),--readme)

overhead: .venv/.dev ## Measure what celltrail adds to cells of all sizes
	$(VENV) tests/benchmarks/overhead.py

scale: .venv/.dev ## Measure a store of ten million points
	$(VENV) tests/benchmarks/scale.py

views: .venv/.dev chromium ## Measure how tables of runs open and move in JupyterLab
	$(VENV) tests/benchmarks/views.py $(ARGS)

live-soak: .venv/.dev chromium ## Train for a quarter of an hour with live views open, and look whether memory grows
	$(VENV) tests/benchmarks/live_soak.py $(ARGS)

live: .venv/.dev chromium ## Measure what open live views cost a training loop, and how soon they show
	$(VENV) tests/benchmarks/live.py $(ARGS)

build: .venv/.installed ## Build the wheel and the sdist into dist/
	rm -rf dist
	$(VENV) -m build --no-isolation

lint: lint-python lint-js ## Check style, types and layers

format: .venv/.dev ## Bring all sources into the one style
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .
	cd js && npm run --silent format

notebooks: .venv/.installed ## Execute the notebooks and save the outputs that the tests compare with
	rm -rf build/notebooks && mkdir -p build/notebooks
	for each in notebooks/*.ipynb; do \
	  CELLTRAIL_STORE=$(CURDIR)/build/notebooks/$$(basename $$each .ipynb).duckdb \
	  $(VENV) -m nbconvert --to notebook --execute --inplace --log-level WARN \
	    --ExecutePreprocessor.store_widget_state=False \
	    --ExecutePreprocessor.record_timing=False $$each; \
	done

commands: .venv/.dev ## Write COMMANDS.md from the command's own help
	$(VENV) tests/unit/cli/commands_page.py

clean: ## Remove everything that make made
	rm -rf .venv js/node_modules $(STATIC) build dist .pytest_cache .mypy_cache .ruff_cache \
	  .import_linter_cache .hypothesis

# ------------------------------------------------------------------ the parts of `make test`
.PHONY: lint-python lint-js test-checks test-js test-fast test-parts test-soak test-notebooks \
  test-soak-and-notebooks test-browser chromium
lint-python: .venv/.dev
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy

lint-js: js/node_modules/.installed
	cd js && npm run --silent check

# Makes two targets, or lists of them, side by side; what the first says is shown when both are done.
define side_by_side
@mkdir -p build
+$(MAKE) $(1) > build/$(firstword $(1)).txt 2>&1 & first=$$!; \
$(MAKE) $(2) && second=0 || second=$$?; \
wait $$first && first=0 || first=$$?; \
cat build/$(firstword $(1)).txt; exit $$((first + second))
endef

# Each of the two uses one core.
test-checks: .venv/.dev js/node_modules/.installed
	$(call side_by_side,lint-python,lint-js test-js)

test-js: js/node_modules/.installed
	cd js && npm run --silent test

# No real process or kernel in these, so that they can share the cores.
test-fast: .venv/.dev
	$(PYTEST) tests/architecture tests/unit tests/property -m "not heavy" -n 2 --dist loadfile

# Kernels and processes wait about as long as they work: three at once on two cores.
test-parts: .venv/.dev
	$(PYTEST) tests --ignore=tests/architecture --ignore=tests/unit --ignore=tests/property \
	  --ignore=tests/browser --ignore=tests/soak -m "not heavy" -n 3 --dist loadfile

test-soak: .venv/.dev
	$(PYTEST) tests/soak -m "not heavy"

test-notebooks: .venv/.dev
	$(PYTEST) --nbval --nbval-sanitize-with notebooks/nbval_sanitize.cfg notebooks

# Both wait for others.
test-soak-and-notebooks: .venv/.dev
	$(call side_by_side,test-soak,test-notebooks)

# Two browsers, each with a JupyterLab of its own: the tests wait for conditions, not for times.
test-browser: .venv/.dev chromium
	$(PYTEST) tests/browser -m "not heavy" -n 2 --dist loadfile

chromium:
	@command -v chromium >/dev/null || { \
	  as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$as_root apt-get -qq update && \
	  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
	    --no-install-recommends chromium fonts-dejavu-core fonts-liberation; }

# ------------------------------------------------- what is made once and kept while it is fresh
.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit("celltrail needs Python 3.11 or later: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(VENV) -m pip install --quiet --upgrade pip
	touch $@

.venv/.tools: .venv/.created pyproject.toml constraints.txt
	$(PIP) --group build --group demo
	touch $@

js/node_modules/.installed: .venv/.tools js/package.json js/package-lock.json
	cd js && npm ci --no-fund --no-audit
	touch $@

$(BUNDLE): js/node_modules/.installed $(JS_SOURCES)
	cd js && npm run --silent build
	touch $@

# Not isolated: the build hook finds the bundle fresh and has nothing to do.
.venv/.installed: .venv/.tools $(BUNDLE)
	$(PIP) --no-build-isolation --editable .
	touch $@

.venv/.dev: .venv/.installed
	$(PIP) --group dev
	touch $@

build/lab/demo.ipynb: notebooks/demo.ipynb
	mkdir -p build/lab
	cp $< $@

# The versions that the tests stand on; `make constraints` takes the newest of everything.
.PHONY: constraints
constraints:
	rm -rf build/newest && $(PYTHON) -m venv build/newest
	build/newest/bin/python -m pip install --quiet --upgrade pip
	build/newest/bin/python -m pip install --quiet --group dev \
	  $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"])')
	{ echo "# What the tests were last run with, for .venv only: users get what pyproject.toml allows."; \
	  echo "# Made by make constraints."; build/newest/bin/python -m pip freeze; } > constraints.txt
