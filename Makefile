# The commands of the README. Each makes what it needs: a virtual environment in .venv, and what it installs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SDK := .venv-sagemaker
INSTALL := -m pip --disable-pip-version-check install --quiet
PIP := $(BIN)/python $(INSTALL) -c constraints.txt

.PHONY: run test check bench campaign fidelity picture clean

run: $(VENV)/.console
	$(BIN)/cmapss-console --sandbox

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3 $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# What the tests do a few times, many times: random calls to a whole region, regions killed under load, and operations
# killed at every moment and carried through while a third of their calls fail, and random keys while they fail.
campaign: $(VENV)/.dev
	CMAPSS_CAMPAIGN=200 CMAPSS_KILLS=100 CMAPSS_OPERATION_KILLS=all CMAPSS_OPERATION_FAULTS=3 \
		CMAPSS_MONKEYS=6 CMAPSS_MONKEY_KEYS=1500 $(BIN)/python -m pytest -n 2 \
		tests/sandbox/test_whole_region.py tests/sandbox/test_durability.py tests/survival $(ARGS)

# The SageMaker SDK, unmodified, in an environment of its own: it knows nothing of the sandbox but its address.
fidelity: $(VENV)/.dev $(SDK)/.installed
	CMAPSS_SANDBOX_PYTHON=$(CURDIR)/$(BIN)/python $(SDK)/bin/python -m pytest --confcutdir=tests/fidelity tests/fidelity $(ARGS)

picture: $(VENV)/.dev
	$(BIN)/python -m docs.picture

clean:
	rm -rf $(VENV) $(SDK) dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cmapss-console needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.console: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[sandbox]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[sandbox,dev]'
	touch $@ $(VENV)/.console

$(SDK)/.installed: tests/fidelity/constraints.txt | $(BIN)/python
	$(PYTHON) -m venv $(SDK)
	$(SDK)/bin/python $(INSTALL) -c tests/fidelity/constraints.txt 'sagemaker<3' pytest pytest-asyncio
	touch $@
