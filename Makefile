.DEFAULT_GOAL := help
SHELL := /bin/bash
DOTNET_FLAGS := -c Release -nologo -v quiet -clp:NoSummary
PROGRAMS := worker/worker.csproj operator/operator.csproj devcluster/devcluster.csproj

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
# kubectl and Helm as eng/install-tools.sh has installed them.
export PATH := $(CURDIR)/.cache/kubectl/v35:$(PATH)

.PHONY: help quickstart test test-all goldens faults build generate crds demo-models demo-report bench bench-gpu bench-operator images test-images sbom package release lint clean

help: ## Shows this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

quickstart: ## Runs the whole chain once: cluster, operator, three runs, results. KEEP=1 leaves the cluster up; CLEAN=1 ends one that was left.
	@eng/install-tools.sh quickstart
	@$(MAKE) --no-print-directory programs
	@dotnet build eng/Quickstart $(DOTNET_FLAGS)
	@exec dotnet eng/Quickstart/bin/Release/net10.0/LightReasoner.Quickstart.dll $(if $(KEEP),--keep) $(if $(CLEAN),--clean)

test: ## Builds everything and runs the tests, but for the long ones (ALL=1 for those too).
	@eng/install-tools.sh test
	@$(MAKE) --no-print-directory build
	@eng/run-tests.sh $(if $(ALL),--images,-trait- Suite=long)

test-all: ## The same with the long tests (faults, fuzzing, documentation, demo, many shards), and the images where it can build them.
	@$(MAKE) --no-print-directory test ALL=1

faults: ## Kills the worker 40 times for each kind and store, and compares the outputs (KILLS=n for another number).
	@eng/install-tools.sh test
	@dotnet build tests/Worker.Tests $(DOTNET_FLAGS)
	@LIGHTREASONER_FAULT_KILLS=$(or $(KILLS),40) dotnet tests/Worker.Tests/bin/Release/net10.0/LightReasoner.Worker.Tests.dll -noLogo -showLiveOutput -class '*FaultTests'

goldens: ## Compares with the goldens of the real programs and prints the list of cases with counts.
	@eng/install-tools.sh test
	@for project in Worker.Tests Jinja.Tests; do \
		dotnet build tests/$$project $(DOTNET_FLAGS) && \
		dotnet tests/$$project/bin/Release/net10.0/LightReasoner.$$project.dll -noLogo -class '*GoldenTests' -class '*EosNoiseTests' -class '*BlockGeneratorTests' -class '*ContrastiveSamplerTests' && \
		cat tests/$$project/bin/Release/net10.0/golden-cases.md || exit 1; done

build: ## Builds everything in Release and leaves launchers in bin/.
	@eng/install-tools.sh build
	@dotnet build LightReasoner.K8s.sln $(DOTNET_FLAGS)
	@eng/make-launchers.sh

.PHONY: programs
programs:
	@for project in $(PROGRAMS); do dotnet build $$project $(DOTNET_FLAGS) || exit 1; done
	@eng/make-launchers.sh

generate: ## Generates crds/ and docs/reference.md from api/, the chart's copies of them and of the operator's rights, and install/.
	@eng/install-tools.sh test
	@dotnet run -c Release --project eng/Generate -- all .
	@eng/make-install.sh install/lightreasoner.yaml

crds: generate

demo-models: ## Makes the data and trains the models of examples/quickstart/ anew.
	@eng/install-tools.sh build
	@dotnet run -c Release --project demo -- models --output examples/quickstart

demo-report: ## Trains and measures the demo on unseen seeds (SEEDS="3 4 5"), about a quarter of an hour each; goes on where it was stopped.
	@eng/install-tools.sh build
	@dotnet run -c Release --project demo -- report --examples examples/quickstart --results dist/demo --seeds $(or $(SEEDS),3 4 5)

bench: ## Measures the worker against a reference of the published programs on the same libtorch (ARGS="--cases block-512 --threads 1").
	@eng/install-tools.sh bench
	@dotnet build worker $(DOTNET_FLAGS)
	@dotnet build bench $(DOTNET_FLAGS)
	@exec dotnet bench/bin/Release/net10.0/LightReasoner.Bench.dll $(ARGS)

bench-gpu: ## Measures generation, scoring and training in the shapes of Qwen2.5 on a GPU (LIBTORCH=<torch folder with CUDA>).
	@eng/install-tools.sh build
	@dotnet build bench $(DOTNET_FLAGS)
	@exec dotnet bench/bin/Release/net10.0/LightReasoner.Bench.dll gpu $(ARGS)

bench-operator: ## Applies 1,000 runs at once, then changes phases 10,000 times; prints latencies and memory (ARGS="--runs 100").
	@eng/install-tools.sh quickstart
	@for project in operator/operator.csproj devcluster/devcluster.csproj eng/OperatorBench; do dotnet build $$project $(DOTNET_FLAGS) || exit 1; done
	@eng/make-launchers.sh
	@exec dotnet eng/OperatorBench/bin/Release/net10.0/LightReasoner.OperatorBench.dll $(ARGS)

images: ## Builds the images with docker, podman or buildah (IMAGES="operator worker worker-cuda").
	@eng/images.sh $(IMAGES)

test-images: ## Builds the images on bases made of Debian packages, without a registry, and runs both.
	@eng/install-tools.sh build
	@$(MAKE) --no-print-directory programs
	@eng/test-images.sh

sbom: ## Writes the bills of materials of both programs (CycloneDX) to dist/.
	@eng/install-tools.sh sbom
	@eng/sbom.sh

package: ## Packs the chart, the definitions and the manifest into dist/.
	@eng/package.sh dist

release: ## Makes in dist/ what the release VERSION=x.y.z consists of, and changes nothing else.
	@eng/install-tools.sh test
	@eng/release.sh "$(VERSION)"

lint: ## Checks the formatting of the code (analyzers and style are checked by every build); FIX=1 mends it.
	@eng/install-tools.sh build
	@dotnet format whitespace . --folder $(if $(FIX),,--verify-no-changes) --exclude '**/obj' '**/bin' .cache
	@# Tests and word lists hold data whose lines are as long as they are.
	@! git ls-files '*.cs' ':!*.g.cs' ':!tests' ':!worker/Evaluation/AnswerText.cs' | LC_ALL=C.UTF-8 xargs grep -nE '^.{141,}' \
		|| { echo 'lines above are longer than 140 columns'; exit 1; }

clean: ## Removes everything that was built or run.
	@rm -rf bin dist .quickstart
	@find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
