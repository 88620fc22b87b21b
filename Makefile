# The commands that a newcomer needs: `make run`, `make write`, `make test`. Each sets up what it uses.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# What runs side by side; the others measure seconds, or share a clock, and want the machine for themselves.
TOGETHER := tests/capture tests/cli tests/deploy tests/publish

.DEFAULT_GOAL := run
.PHONY: run write test audit lock clean

run: $(VENV)/run.stamp
	$(BIN)/gatepost build
	GATEPOST_PORT=$(PORT) $(BIN)/gatepost serve

write: $(VENV)/run.stamp
	GATEPOST_PORT=$(PORT) $(BIN)/gatepost serve --live

test: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile $(TOGETHER)
	$(BIN)/pytest $(addprefix --ignore ,$(TOGETHER))

# Judges the released site as strangers would: Lighthouse, Nu, links, feeds, sitemaps. Takes minutes.
# It needs: apt-get install chromium default-jre-headless nodejs npm
audit: $(VENV)/test.stamp audit/node_modules/.package-lock.json
	$(BIN)/python -m audit

audit/node_modules/.package-lock.json: audit/package.json
	npm install --no-package-lock --no-audit --no-fund --prefix audit
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/test.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@

# Writes the locks again from pyproject.toml: exact versions with hashes, for every platform.
lock: | $(BIN)/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --output-file requirements.txt pyproject.toml requirements.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --output-file requirements-dev.txt \
		--constraint requirements.txt --group dev

clean:
	rm -rf $(VENV) output .cache
