# The front door. Each verb does what is missing and nothing else; the work is done by scripts/.
.DEFAULT_GOAL := help
.PHONY: help demo test test-arm64 bench bench-bus bench-capture bench-detect bench-gateway bench-record build python install setup format lint clean soak fuzz tls
MAKEFLAGS += --no-print-directory

help:
	@echo "make demo     install what is missing, build, run on a pedestrian clip or a camera of yours"
	@echo "              CAMERA=/dev/video0|rtsp://...|FILE  LISTEN=0.0.0.0  PORT=8080  DEMO_SECONDS=20"
	@echo "make test     install what is missing, build, run every test"
	@echo "make test-arm64  cross-build the libraries for 64-bit ARM, run their unit tests under qemu-user"
	@echo "make soak     SECONDS=600 of the bus with everybody killed and stopped at random (SEED=n); build/soak.json"
	@echo "make fuzz     every fuzzer for SECONDS=60"
	@echo "make build    build the programs and the page (build/bin, build/web)"
	@echo "make install  the programs, the page, and the bus for programs of your own (library, headers)  PREFIX=/usr/local  DESTDIR="
	@echo "make python   build the Python package: build/python/dist/vedette-*.whl"
	@echo "make bench    compare with others in the same run: make bench-bus, bench-capture, bench-detect, bench-gateway, bench-record, or all areas  BENCH='--rounds 15 --only REGEX --docs'"
	@echo "make tls      a certificate for the page, and an authority to trust  NAMES='camera.lan 192.168.1.5'"
	@echo "make setup    only install what is missing, for tests and development too"
	@echo "make format   format the sources;  make lint: check format, sources and scripts"
	@echo "make clean    remove what was built (downloads stay)"

demo:
	@scripts/setup demo
	@scripts/build programs
	@scripts/build-page
	@scripts/fetch-model
	@test -n "$(CAMERA)" || scripts/fetch-clip
	@scripts/demo

test:
	@scripts/setup test
	@scripts/build
	@scripts/build-python
	@scripts/build-page --tests
	@scripts/fetch-model
	@scripts/fetch-clip
	@scripts/fetch-nginx
	@scripts/fetch-python-tools
	@ctest --test-dir build --output-on-failure -j3

bench:
	@scripts/setup bench
	@scripts/bench $(BENCH)

bench-bus:
	@scripts/setup bench
	@scripts/bench bus $(BENCH)

bench-capture:
	@scripts/setup bench
	@scripts/bench capture $(BENCH)

bench-detect:
	@scripts/setup bench
	@scripts/bench detect $(BENCH)

bench-gateway:
	@scripts/setup bench
	@scripts/bench gateway $(BENCH)

bench-record:
	@scripts/setup bench
	@scripts/bench record $(BENCH)

test-arm64:
	@scripts/setup arm64
	@scripts/test-arm64

build:
	@scripts/setup demo
	@scripts/build programs
	@scripts/build-page

PREFIX ?= /usr/local
install:
	@scripts/setup demo
	@scripts/build programs
	@scripts/build-page
	@scripts/fetch-model
	@DESTDIR="$(DESTDIR)" cmake --install build --component programs --prefix "$(abspath $(PREFIX))"
	@DESTDIR="$(DESTDIR)" cmake --install build --component bus --prefix "$(abspath $(PREFIX))"
	@test -n "$(DESTDIR)" || test "$$(id -u)" -ne 0 || ldconfig

python:
	@scripts/setup python
	@scripts/build-python

setup:
	@scripts/setup all

soak:
	@scripts/setup test
	@scripts/build soak
	@build/bin/soak $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED)) --json build/soak.json

fuzz:
	@scripts/setup all
	@scripts/fuzz $(or $(SECONDS),60)

tls:
	@scripts/tls $(NAMES)

format:
	@scripts/format

lint:
	@scripts/lint

clean:
	@find build -mindepth 1 -maxdepth 1 ! -name deps ! -name media ! -name python-tools -exec rm -rf {} + 2>/dev/null || true
