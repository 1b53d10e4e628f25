# Everything a developer types. Each target installs what it lacks (apt, root or sudo) and ends with one clear line.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test build image image-twice bundle test-image test-secure-boot test-damage bench torture sanitize format lint clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

demo: ## A collector at :8080 and an enrolled kiosk at :8081, until Ctrl-C (DEMO_DIR keeps the data)
	@.make/demo

test: ## Everything that CI runs
	@.make/test

build: ## The release programs in .build/release
	@.make/install build run
	@.make/swift-build -c release --static-swift-stdlib --product otsenka-kiosk
	@.make/swift-build -c release --static-swift-stdlib --product otsenka-collector
	@echo "otsenka: built .build/release/otsenka-kiosk and .build/release/otsenka-collector"

image: ## The appliance's disk image in .build/image, for a PC with UEFI (root) [OTSENKA_SECUREBOOT_KEY= OTSENKA_SECUREBOOT_CERT=]
	@kiosk-image/build

bundle: ## A signed update of the image in .build/image [OTSENKA_RELEASE_CA= OTSENKA_RELEASE_CERT= OTSENKA_RELEASE_KEY=]
	@kiosk-image/make-bundle

image-twice: ## The image built once more from nothing, and compared: the same commit and packages give the same bytes (root)
	@kiosk-image/twice

test-image: ## The image in QEMU: visits, cable, power cuts, chords, bad starts (root) [ONLY="1 5" SEED=1]
	@.make/test-image

test-secure-boot: ## The image, signed with keys made for the test, under firmware with Secure Boot; refused is what must be (root)
	@kiosk-image/test-secure-boot

test-damage: ## The image with bits turned over, on a small disk, on screens without a driver (root) [ONLY="late small"]
	@kiosk-image/test-damage

bench: ## Speed and memory against baselines measured in the same run
	@.make/bench

torture: ## The promises under every fault: PART=journal|uplink|collector|simulation|time|soak|fuzz|power [SEED=1 TRIES=100 ONLY=G1]
	@.make/torture

sanitize: ## The suites, and the programs that they start, under ThreadSanitizer [SUITES="CollectorWeb Uplink"]
	@.make/sanitize

format: ## Rewrite the sources in the house format
	@swift format -i -r Sources Tests Package.swift
	@echo "otsenka: formatted"

lint: ## The format without rewriting
	@swift format lint -s -r Sources Tests Package.swift
	@echo "otsenka: the format is clean"

clean: ## Remove what was built (not .demo)
	@rm -rf .build
	@echo "otsenka: removed .build"
