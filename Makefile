# make demo and make test do all the set-up they need; everything else is named in the README.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data

.DEFAULT_GOAL := help
.PHONY: help install check test chaos demo demo-kafka mini-guard kafka-up kafka-down vllm-up vllm-down schemas clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Two stamps: the demo needs the package alone, the tests their tools as well (and Kafka's image testcontainers).
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed ## the package into .venv

check: $(VENV)/.installed-dev ## lint, format, types, layers, schemas
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/consultguard schema check

test: $(VENV)/.installed-dev ## every test; real Kafka and vLLM where they can run (CI=true: they must)
	$(BIN)/python -m pytest

chaos: $(VENV)/.installed-dev ## break three brokers, workers, judge and network while they work, then count (CHAOS: options)
	$(BIN)/python -m tests.chaos.run $(CHAOS)

demo: $(VENV)/.installed ## sample consultations on the embedded log and the embedded guard
	$(BIN)/consultguard demo

demo-kafka: $(VENV)/.installed-dev ## the same on real Apache Kafka and real vLLM, started and stopped for it
	$(BIN)/consultguard demo --broker kafka --judge vllm

mini-guard: $(VENV)/.installed ## train and export the mini guard (DATA: the folder with the public data sets)
	$(BIN)/python -m pipeline.trial.vllm_server env
	$$($(BIN)/python -m pipeline.trial.vllm_server env --print-python) -m pipeline.training.make \
	  --data $(DATA) --out build/mini-guard --policy tests/data/policy/*.jsonl
	cp -r build/mini-guard/hf build/mini-guard/onnx build/mini-guard/manifest.json pipeline/judge/mini/

kafka-up: $(VENV)/.installed-dev ## Apache Kafka in the background, on KAFKA_PORT, 9092 or a free port
	$(BIN)/python -m pipeline.trial.kafka_server up $(if $(KAFKA_PORT),--port $(KAFKA_PORT))

kafka-down: $(VENV)/.installed-dev ## stop it
	$(BIN)/python -m pipeline.trial.kafka_server down

vllm-up: $(VENV)/.installed ## vLLM on the CPU with the mini guard in the background, on VLLM_PORT, 8000 or a free port
	$(BIN)/python -m pipeline.trial.vllm_server up $(if $(VLLM_PORT),--port $(VLLM_PORT))

vllm-down: $(VENV)/.installed ## stop it
	$(BIN)/python -m pipeline.trial.vllm_server down

schemas: $(VENV)/.installed ## write schemas/ from the wire models
	$(BIN)/consultguard schema write

clean: ## remove what make installed here; caches in the home directory stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
