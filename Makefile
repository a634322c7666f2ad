# `make` alone lists the targets. Everything is installed into .venv; nothing else is touched.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

# Two processes of one thread each: faster here than one process of two threads.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)

# What each target needs installed. `lint` has matplotlib so that mypy sees its types.
EXTRAS_demo := lite,plot
EXTRAS_test := test
EXTRAS_lint := lint,plot
EXTRAS_docs := docs,lite

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test quick lint docs clean

help:
	@echo "make demo   compare classifiers on real sounds; pictures in demo_output/"
	@echo "make test   all tests that need neither a network nor a GPU"
	@echo "make quick  the tests that take less than a few seconds each"
	@echo "make lint   ruff, codespell, mypy, import-linter"
	@echo "make docs   the documentation, in docs/_build/html; warnings are errors"
	@echo "make clean  remove what the others made, except .venv"

demo: $(VENV)/installed-demo
	$(BIN)/skspec demo

test: $(VENV)/installed-test
	$(PYTEST) -m "not network and not gpu"

quick: $(VENV)/installed-test
	$(PYTEST) -m "not slow and not network and not gpu"

lint: $(VENV)/installed-lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed-docs
	rm -rf docs/_build docs/generated
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

clean:
	rm -rf docs/_build docs/generated dist demo_output
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# One call of pip: it picks a torch and a torchvision that belong together.
$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --editable '.[$(EXTRAS_$*)]'
	@touch $@
