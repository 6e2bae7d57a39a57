# Every command of the project, one sentence each. `make help` lists them.
PYTHON ?= python3
VENV := .venv
# By way of Python: the commands in bin/ name their interpreter by its path, which not every name of a folder allows.
KIM := $(VENV)/bin/python -m kim
# A module is run by one process, so that its site, server or database is made once. tests/conftest.py gives the order.
# What Python compiles is kept, else each command that a test starts compiles again what changed since the installation.
PYTEST := PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
DENO := DENO_DIR=$(VENV)/deno $(VENV)/bin/deno
export PORT

.DEFAULT_GOAL := help
.PHONY: help format run build pdf dashboard check test test-fast test-all test-municipality bench atag scan drill-debian drill-container rehearse-exit sbom publiccode clean lock browser postgres nginx

# An environment holds the paths of the folder that it was made in. One that came along with a copy is made anew.
# The shell compares, for a folder may have any name: blanks, quotes, signs that mean something to make.
ifeq ($(shell [ -s $(VENV)/.installed ] && [ "$$(cat $(VENV)/.installed)" != "$$(pwd -P)" ] && rm -rf $(VENV) && echo moved),moved)
$(info $(VENV) was made for another folder and is made anew.)
endif

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

run: $(VENV)/.installed ## Build the site and serve it with its forms on http://127.0.0.1:8000 (PORT= changes it)
	@exec $(KIM) serve $(if $(PORT),--port $(PORT))

build: $(VENV)/.installed ## Build the static site into site/, with PDF booklets where Chromium is found
	@$(KIM) build

pdf: $(VENV)/.installed ## Print the PDF booklets of the built site into site/pdf/ (needs Chromium)
	@$(KIM) pdf

dashboard: $(VENV)/.installed ## Write the editors' dashboard to var/dashboard/index.html: what is missing, stale, overdue, unconfirmed
	@$(KIM) dashboard

check: $(VENV)/.installed-dev ## Lint and types of Python, CSS and JavaScript, pages, facts and interface words
	@$(VENV)/bin/python -m ruff check . && $(VENV)/bin/python -m ruff format --check . && $(VENV)/bin/python -m mypy && $(VENV)/bin/python $(VENV)/bin/lint-imports --no-logo && $(DENO) task --quiet check && $(KIM) check

format: $(VENV)/.installed-dev ## Format Python, CSS and JavaScript
	@$(VENV)/bin/python -m ruff format . && $(DENO) task --quiet fix

test: check browser postgres nginx ## Set up what the tests need, a real Chromium included; check, and run all tests
	@$(PYTEST) --durations 25

test-fast: $(VENV)/.installed-dev ## The tests without Chromium, PostgreSQL, whole builds, services of their own and walks through every page: what to run after each change
	@$(PYTEST) -m "not slow" --durations 10

test-all: ## All tests with their full matrices, then every page in every language and look; writes the result for the statement
	@TEST_FULL=1 $(MAKE) --no-print-directory test
	@$(VENV)/bin/python -m tests.full_site_audit

atag: $(VENV)/.installed-dev browser ## The audit of the editor by ATAG 2.0: run the tests that it names, write ATAG.md
	@$(VENV)/bin/python -m tests.atag.report

test-municipality: $(VENV)/.installed-dev browser nginx ## The slow tests in a clone that is another municipality's (MODULES= names some)
	@$(VENV)/bin/python -m tests.other_municipality $(MODULES)

bench: $(VENV)/.installed-dev browser postgres ## Measure build, pages, search, preview and forms beside peers; writes bench/results.md
	@failed=""; for what in build page search serve edit form inbox nginx; do \
	  echo "Benchmark: $$what"; $(KIM) bench $$what || failed="$$failed $$what"; done; \
	[ -z "$$failed" ] || { echo "Not measured, for the reasons given above:$$failed" >&2; exit 1; }

scan: $(VENV)/.installed-dev ## Attack the running service with wapiti and sqlmap, and first an app with planted holes
	@sh deploy/install-scanners
	@$(VENV)/bin/python -m tests.scan

drill-debian: $(VENV)/.installed-dev ## Install on a whole Debian 13 with systemd and let things happen to it (DEBIAN=bookworm: 12; as root)
	@sh deploy/install-nspawn
	@$(VENV)/bin/python -m pytest -n 0 -v tests/deploy/drill_debian.py

drill-container: $(VENV)/.installed-dev ## Build the image by its Containerfile, run it by the compose file, let things happen to it (as root)
	@sh deploy/install-podman
	@$(VENV)/bin/python -m pytest -n 0 -v tests/deploy/drill_container.py

rehearse-exit: $(VENV)/.installed-dev ## Leave MkDocs for a try: ProperDocs gives the same bytes, Zensical the texts (TO=all: every language)
	@sh deploy/make-venv $(PYTHON) .venv-exit
	@sh deploy/install-packages .venv-exit/bin/python requirements-exit.txt
	@$(VENV)/bin/python -m tests.exit_rehearsal $(if $(TO),--languages $(TO))

sbom: $(VENV)/.installed-dev ## Write sbom.json: the packages that the service runs with, as CycloneDX, from the lock file
	@$(VENV)/bin/python -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --output-format JSON --output-file sbom.json

publiccode: $(VENV)/.installed ## Write version, release date and languages into publiccode.yml
	@$(VENV)/bin/python deploy/make-publiccode

browser: # A Chromium for the browser tests
	@sh deploy/install-chromium

postgres: # A PostgreSQL for its tests
	@sh deploy/install-postgres

nginx: # An nginx for the tests of deploy/nginx.conf
	@sh deploy/install-nginx

clean: ## Remove what can be made again (not var/, where the answers are)
	rm -rf $(VENV) site .site.* *.egg-info

lock: ## Renew the lock files: exact versions and hashes, no index address (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-config --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-config --no-header -q -o requirements-dev.txt -c requirements.txt
	$(DENO) install --frozen=false

$(VENV)/bin/python:
	@sh deploy/make-venv $(PYTHON) $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the site needs (once) …"
	@sh deploy/install-packages $(VENV)/bin/python requirements.txt
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@echo "Compiling modules and catalogues (once) …"
	@$(VENV)/bin/python -m compileall -q core form_handler editorial editing kim
	@$(KIM) catalogs compile
	@pwd -P > $@

$(VENV)/.installed-dev: requirements-dev.txt deno.lock $(VENV)/.installed
	@echo "Installing what the tests need (once) …"
	@sh deploy/install-packages $(VENV)/bin/python requirements-dev.txt
	@$(DENO) install --quiet
	@touch $@
