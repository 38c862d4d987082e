.DEFAULT_GOAL := build
SHELL := /bin/bash
.PHONY: quickstart test build crds bench lint clean tools

tools:
	@eng/install-tools.sh build

crds:
	dotnet run --project eng/Generate -- crds crds
