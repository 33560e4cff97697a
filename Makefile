# `make` alone lists the targets. The environment is made from requirements.lock and nothing else.
.DEFAULT_GOAL := help
.PHONY: help env demo test lint lock audit docs bench bench-full publish restore test-slurm
SHELL := /bin/bash

BIN := .venv/bin
STAMP := .venv/.stamp
# uv from PATH, else from a small environment of its own.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# A job is one core's work; more threads inside it would only contend with the other jobs.
SNAKEMAKE := OMP_NUM_THREADS=1 $(BIN)/snakemake --cores all
# Advice of Snakemake that is not followed: all rules share one locked environment, functions stand beside their rules.
ACCEPTED := Specify a conda environment|Mixed rules and functions|PYTHONPATH used but not asserted

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

env: $(STAMP)  ## build .venv from requirements.lock if it is missing or outdated

$(STAMP): requirements.lock pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --python 3.11 .venv
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip sync --require-hashes --compile-bytecode requirements.lock
	VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --no-deps --no-build-isolation -e .
	@touch $@

.uv/bin/uv:
	python3 -m venv .uv
	echo '*' > .uv/.gitignore
	.uv/bin/python -m pip install --quiet uv

demo: env  ## Table 3 of NSROM on the embedded data set, with figures, in one HTML report
	$(SNAKEMAKE) nsrom_table3 nsrom_figure4 nsrom_figure5 stage_quality runtime report
	@echo "The report: $(CURDIR)/results/openmoji/report.html"

test: env  ## all tests but SLURM's
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slurm: env  ## the tests that start a SLURM of one node (as root; packages: docs/slurm.md)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/slurm

lint: env  ## ruff, snakefmt and Snakemake's own checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	! $(BIN)/snakemake --lint 2>&1 | grep -E '^    \* |Error|Exception' | grep -vE '$(ACCEPTED)'

# What is published or restored, as in `make publish TARGETS="nsrom_table3 report" CONFIG=config/tiny.yaml`.
TARGETS :=
CONFIG :=
RELEASE := PYTHONPATH=src $(BIN)/python workflow/release.py
publish restore: env
	$(RELEASE) $@ $(TARGETS) $(if $(CONFIG),--configfile $(CONFIG))

publish:  ## push finished TARGETS (under CONFIG) to the DVC remote
restore:  ## pull what was published, if it is what the current code and config would make

lock: | $(UV)  ## compile requirements.in into requirements.lock
	$(UV) pip compile --universal --generate-hashes --python-version 3.11 --no-header \
		--no-emit-index-url --no-emit-find-links requirements.in -o requirements.lock

# --strict: what could not be looked up is an error too. Nothing is installed into .venv, and no package is built.
audit: | $(UV)  ## look up known vulnerabilities of everything in requirements.lock (needs the network)
	$(UV) tool run pip-audit==2.10.1 --strict --require-hashes --disable-pip --requirement requirements.lock

docs: env  ## the generated pages: docs/config.md, docs/published_settings.md
	$(BIN)/python -m wsss.config_reference > docs/config.md
	$(BIN)/python -m wsss.published_settings > docs/published_settings.md

# The benchmarks' memory is kept as rules/common.smk has it kept for jobs.
bench bench-full: export MALLOC_MMAP_MAX_ := 0
bench bench-full: export MALLOC_TRIM_THRESHOLD_ := 4294967296

bench: env  ## pictures per second of each stage
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/stages.py

bench-full: env  ## a training step of the paper's networks at full size (GPU or CPU)
	$(BIN)/python benchmarks/full_size.py
