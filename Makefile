# make demo   ask the shipped model about a recording
# make reproduce   train the shipped model again and compare it; make HAPT=a.zip MOTIONSENSE=b.zip reproduce
# make test   run the tests
# make lint   run ruff and mypy
# make venv   only set up .venv, which the others do first; a second run reuses it
#
# make PYTHON=python3.12 …   with this Python (3.11 to 3.14) instead of the first one found
# make TORCH_INDEX=https://download.pytorch.org/whl/cpu …
#                            with PyTorch's own CPU build; PyPI's for Linux on x86-64 brings gigabytes of CUDA libraries
# make JOBS=8 test           with so many test processes

BIN := .venv/bin
READY := .venv/ready
JOBS := 2
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c '$(FITS)' 2>/dev/null && echo $$name && break; done)

MOTIONSENSE := $(firstword $(wildcard data/A_DeviceMotion_data.zip ../shared/data/A_DeviceMotion_data.zip) \
	data/A_DeviceMotion_data.zip)
HAPT := $(firstword $(wildcard data/HAPT_RawData.zip ../shared/data/HAPT_RawData.zip) data/HAPT_RawData.zip)

.PHONY: demo reproduce test lint venv

demo: $(READY)
	$(BIN)/llasa chat --sensor examples/walking.csv --ask "What is the person doing?"

# The commands that people run, and what they gave when the shipped checkpoint was made. Stopped, it goes on where it was.
reproduce: $(READY)
	$(BIN)/llasa prepare-data $(HAPT) --out data/hapt
	$(BIN)/llasa prepare-data $(HAPT) $(MOTIONSENSE) --out data/both
	$(BIN)/llasa pretrain recipes/smol.yaml
	$(BIN)/llasa finetune recipes/smol.yaml --set head.folder=data/both
	$(BIN)/python benchmarks/reproduce.py runs/smol/finetune/checkpoint data/hapt data/both

# One thread for each process: several test processes with several threads each would wait for one another.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

lint: $(READY)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

venv: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || \
		{ echo "error: no Python 3.11 to 3.14 found; install one, or name it: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c '$(FITS)' || \
		{ echo "error: $(PYTHON) is not a Python 3.11 to 3.14; name another: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "error: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu the package python3-venv" \
		"adds what is missing, or name another Python: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --editable '.[dev]'
	@touch $@
