# For newcomers: `make run`, `make write`, `make check`, `make test`. Each installs what it needs.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
MODULES := $(shell find capture gatepost publish -name '*.py')
# Compiled modules halve the time that a command takes to start.
export PYTHONDONTWRITEBYTECODE :=
# Files side by side, those with servers first, so that no long one is left for the end; says which tests were slowest.
SLOWEST := --durations=10
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder $(SLOWEST)
# A test with a server waits half of its time, so two run on each of two cores.
WITH_SERVERS := -n 4 --dist loadfile --no-loadscope-reorder $(SLOWEST)

.DEFAULT_GOAL := run
.PHONY: run write demo lint check test test-dates test-long test-rebuilding audit screenshots pictures lock clean

run: $(VENV)/run.stamp
	$(BIN)/gatepost build
	GATEPOST_PORT=$(PORT) $(BIN)/gatepost serve

write: $(VENV)/run.stamp
	GATEPOST_PORT=$(PORT) $(BIN)/gatepost serve --live

# A demonstration with a year of leads in a ledger of its own: prints links to its desk, and serves it.
demo: $(VENV)/run.stamp
	$(BIN)/gatepost build
	GATEPOST_PORT=$(PORT) $(BIN)/gatepost demo --serve

# Style, types, and the layers of the packages.
lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Before each commit: the tests that need no server and no browser, without the few slow ones.
check: lint
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not (server or slow or alone)"

# Everything. Tests that measure time or the complete machine run last, one by one.
test: lint
	$(BIN)/pytest $(WITH_SERVERS) -m "not alone"
	$(BIN)/pytest $(SLOWEST) -m alone $$(grep -rl --include='test_*.py' 'pytest.mark.alone' tests)

# The tests that need no server, under a false clock, on dates that often cause errors. Takes a quarter of an hour.
test-dates: $(VENV)/test.stamp
	$(BIN)/python -m tests.awkward_days $(SIDE_BY_SIDE)

# The tests marked `long`, in full: hundreds of kills, thousands of random leads, examples and races. Takes an hour or
# more; `make test` runs a sample of each. One of them: GATEPOST_TEST_LONG=1 .venv/bin/pytest tests/capture/billing
test-long: $(VENV)/test.stamp
	GATEPOST_TEST_LONG=1 $(BIN)/pytest $(SIDE_BY_SIDE) -m long

# Compares builds after random edits of a small site with clean builds, in two processes: 20,000 steps take three
# hours or more. Fewer: make test-rebuilding REBUILDS=2000
REBUILDS := 20000
test-rebuilding: $(VENV)/test.stamp
	GATEPOST_REBUILDS=$(REBUILDS) $(BIN)/pytest -n 2 --dist worksteal -rP tests/publish/rebuilding/test_edits.py

# Checks the released site with independent tools: Lighthouse, Nu, links, feeds, sitemaps. Takes minutes.
# It needs: apt-get install chromium default-jre-headless nodejs npm
audit: $(VENV)/test.stamp audit/node_modules/.package-lock.json
	$(BIN)/python -m audit

# Every page of the desk on a demonstration, as pictures in screenshots/: phone and desktop, light and dark.
# It needs: apt-get install chromium
screenshots: $(VENV)/test.stamp
	$(BIN)/gatepost build
	$(BIN)/python -m audit.screenshots

# The pictures of the desk in README.md and docs/, taken again on a demonstration.
pictures: $(VENV)/test.stamp
	$(BIN)/gatepost build
	$(BIN)/python -m audit.pictures

audit/node_modules/.package-lock.json: audit/package.json
	npm install --no-package-lock --no-audit --no-fund --prefix audit
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/install.stamp: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# On a server, root installs and other users run the commands: they cannot store compiled modules.
$(VENV)/run.stamp: $(VENV)/install.stamp $(MODULES)
	$(BIN)/python -m compileall -q capture gatepost publish
	touch $@

$(VENV)/test.stamp: requirements-dev.txt $(VENV)/install.stamp
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@

# Updates the lock files from pyproject.toml: exact versions with hashes, for every platform.
lock: | $(BIN)/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --output-file requirements.txt pyproject.toml requirements.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --output-file requirements-dev.txt \
		--constraint requirements.txt --group dev

clean:
	rm -rf $(VENV) output .cache
