# Everything runs in .venv, made from hashed pins. `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEPENDENCIES := import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); \
	print(*p["project"]["dependencies"], *p["dependency-groups"]["dev"], *p["build-system"]["requires"], "editables", sep="\n")

# A process that may write no more cannot write its measurements either, and says so.
FULL_DISK := tests/end_to_end/test_disk_and_database.py::test_a
UNMEASURED := --deselect $(FULL_DISK)_disk_that_fills_up_costs_nothing_that_was_there \
	--deselect $(FULL_DISK)_full_disk_while_collecting

# More than two cores have room for: tests of whole commands, of browsers and of workers wait half of their time.
PROCESSES := 4

# Package and the least share of its lines and branches, in percent, that the tests must run.
COVERED := domain=100 tables=100 definitions=100 \
	usecases=95 graph=95 snapshot=95 store=95 report=95 config=95 simulator=95 schedule=95 notify=95 cli=90

.DEFAULT_GOAL := help
.PHONY: help setup demo serve-demo test endurance check coverage bench picture docs lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Make .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "posture needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true # pip compiles on one core; some packages hold templates
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## Scan a made-up company, served on this machine
	@$(BIN)/posture demo

serve-demo: $(READY)  ## The page on the same company, with two people to sign in as
	@$(BIN)/posture demo --page

test: $(READY)  ## Run every test
	$(BIN)/pytest --numprocesses $(PROCESSES) --dist worksteal

endurance: $(READY)  ## Kill 200 executions, scans and the processes of a week, let two workers race for 100 plans
	POSTURE_ENDURANCE=1 $(BIN)/pytest --numprocesses $(PROCESSES) --dist worksteal \
		tests/end_to_end/test_killed.py \
		tests/end_to_end/test_executing_killed.py tests/end_to_end/test_two_workers.py \
		tests/end_to_end/test_simulated_week.py

check: $(READY)  ## Format, lint, types, import contracts, unit and corpus tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet --numprocesses 2 --dist worksteal --ignore tests/end_to_end --ignore tests/packaging

# Processes that tests kill leave half a file of measurements behind; what they ran is run elsewhere too.
coverage: $(READY)  ## Run every test but those of the wheel, and hold each package to its share of covered branches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet --numprocesses 2 --dist worksteal --ignore tests/packaging $(UNMEASURED)
	$(BIN)/coverage combine --quiet 2> /dev/null
	@rm -f .coverage.*
	$(BIN)/coverage report --skip-covered
	@failed=0; for wanted in $(COVERED); do \
		share=$$($(BIN)/coverage report --include "posture/$${wanted%=*}/*" --format total); \
		echo "$${wanted%=*}: $$share % (at least $${wanted#*=} %)"; \
		[ "$$share" -ge "$${wanted#*=}" ] || failed=1; \
	done; exit $$failed

bench: $(READY)  ## Measure scans of 1,000 to 100,000 users
	$(BIN)/python benchmarks/scan.py --users 1000 10000 100000

picture: $(READY)  ## Draw the pictures in the documents from the demonstration
	$(BIN)/python docs/images/demo.py
	$(BIN)/python docs/images/messages.py
	$(BIN)/python docs/images/page.py

docs: $(READY)  ## Write docs/reference anew from tables, checks and commands
	$(BIN)/python -m posture.cli.reference docs/reference

# Compiled by the oldest Python that is supported, which needs the most packages; works on the newer ones as well.
lock:  ## Pin newer versions of all dependencies, with hashes
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check pip-tools
	$(PYTHON) -c '$(DEPENDENCIES)' > build/lock/requirements.in
	build/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --upgrade --no-annotate \
		--no-header --no-emit-index-url --no-emit-find-links --output-file build/lock/pins.txt build/lock/requirements.in
	{ echo '# Made by make lock. Runtime, build and development, for Python 3.11 and newer.'; \
		cat build/lock/pins.txt; } > requirements.lock

clean:  ## Remove what was made, but not posture-data
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -prune -exec rm -rf {} +
