# Two commands for a fresh machine: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
# PyTorch is only needed to train; the version is the one the shipped weights were trained with.
TORCH  ?= torch==2.13.0
# The oldest versions that are promised, for the second half of the tests: requirements-oldest.txt.
OLD_VENV   ?= .venv-numpy1
OLD_PYTHON ?= $(shell for v in 3.10 3.11 3.12; do p=$$(command -v python$$v) && $$p -c 'import venv, ensurepip' 2>/dev/null && echo $$p && break; done)
# The build backend warns at length about editable installs; that is how this one is meant.
PIP     = PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check
OLD_PIP = PYTHONWARNINGS=ignore $(OLD_VENV)/bin/pip install --quiet --disable-pip-version-check
INPUT  ?=
PYTEST_WORKERS ?= 2
# A Python with PyCUDA, cuda-bindings, PyTorch for CUDA, onnx, rich and pytest; ROS is not needed.
GPU_PYTHON ?= $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))

# The virtual environment has ROS 2 wheels of its own, which those of a sourced ROS would get in the
# way of: other libraries, built against another NumPy, and pytest plugins that import every test.
ifdef AMENT_PREFIX_PATH
ifeq ($(filter gpu-%,$(MAKECMDGOALS)),)
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
unexport RMW_IMPLEMENTATION ROS_DISTRO ROS_VERSION ROS_PYTHON_VERSION
endif
endif

.PHONY: help demo test lint unit test-numpy1 bench bench-sustained gpu-test gpu-bench soak clean
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "received $$($(PYTHON) --version); expected Python 3.10 or newer; fix: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "fix: install the venv module (Debian, Ubuntu: apt install python3-venv)"; exit 1; }

$(VENV)/.demo: $(BIN)/python setup.py pyproject.toml
	@echo "Installing segmentation_node and its ROS 2 wheels into $(VENV) (about 600 MB, once)"
	@$(PIP) --upgrade pip
	@$(PIP) -e '.[ros-wheels,cpu,bench]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@echo "Installing the test and training tools into $(VENV)"
	@$(PIP) '$(TORCH)'
	@$(PIP) -e '.[ros-wheels,cpu,bench,train,quantize,tensorrt-rtx,ray,view,test]'
	@touch $@

demo: $(VENV)/.demo ## run the real node on a drive; pictures, a video and a table land in demo/ (INPUT=PATH: your own images, video or bag)
	@$(BIN)/segmentation demo --output demo $(if $(INPUT),--input "$(INPUT)")

test: lint unit test-numpy1 ## everything that needs no ROS installation

lint: $(VENV)/.test ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.test ## pytest with NumPy 2 and OpenCV 5
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile

$(OLD_VENV)/.test: setup.py pyproject.toml requirements-oldest.txt
	@echo "Installing the oldest versions that are promised, with $(OLD_PYTHON), into $(OLD_VENV)"
	@$(OLD_PYTHON) -m venv --clear $(OLD_VENV)
	@$(OLD_PIP) --upgrade pip
	@$(OLD_PIP) -r requirements-oldest.txt -e '.[ros-wheels,cpu,view]' pytest pytest-rerunfailures pytest-timeout hypothesis
	@touch $@

ifeq ($(OLD_PYTHON),)
test-numpy1:
	@echo "NumPy 1 has wheels for Python 3.10 to 3.12 only and none of them is here: this half is not run (OLD_PYTHON=PATH names one)"
else
test-numpy1: $(OLD_VENV)/.test ## the runtime's tests again with the oldest versions that are promised, as on ROS 2 Humble
	$(OLD_VENV)/bin/python -m pytest test/core test/cuda test/engines test/pipeline test/model test/view test/ros/test_node.py
endif

# Both stages leave their figures; the status is that of the race, 1 where a goal was not met.
bench: $(VENV)/.test ## this node against those that people write first, over real DDS, and where the time goes; tables land in race/ (BENCH="--seconds 6 --rounds 1")
	@$(BIN)/python -m benchmarks.race --output race $(BENCH); status=$$?; \
	  $(BIN)/python -m benchmarks.race --profile --output race $(BENCH) && exit $$status

bench-sustained: $(VENV)/.test ## ten minutes of 1280x720 at 30 Hz at the largest network size that holds it (BENCH="--seconds 60")
	@$(BIN)/python -m benchmarks.race --sustained --output race $(BENCH)

gpu-test: ## on a machine with an NVIDIA GPU: kernels and pipeline on it, also under compute-sanitizer (GPU_PYTHON=PATH)
	@$(GPU_PYTHON) -m benchmarks.gpu.checks

gpu-bench: ## on a machine with an NVIDIA GPU: each step against its roofline, whole frames against PyTorch; tables land in gpu-bench/
	@$(GPU_PYTHON) -m benchmarks.gpu --output gpu-bench

soak: $(VENV)/.test ## the node at 30 Hz for two minutes (SECONDS=, HOURS=), then the faults of the road, then the fuzzer; figures land in soak/
	@$(BIN)/python -m benchmarks.soak --output soak $(if $(HOURS),--hours $(HOURS),$(if $(SECONDS),--seconds $(SECONDS)))

clean: ## remove the virtual environments and what the demo left
	rm -rf $(VENV) $(OLD_VENV) demo gpu-bench soak race build install log
