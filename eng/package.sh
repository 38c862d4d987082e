#!/usr/bin/env bash
# Packs this tree's chart and manifests for distribution: package.sh FOLDER
#   lightreasoner-VERSION.tgz   the Helm chart, as a chart repository takes it
#   crds-VERSION.yaml           the definitions        install-VERSION.yaml   the definitions and the operator
set -euo pipefail
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(eng/version.sh)
tar -C charts --sort=name --owner=0 --group=0 --numeric-owner -czf "$target/lightreasoner-$version.tgz" lightreasoner
for file in crds/*.yaml; do printf -- '---\n' && cat "$file"; done >"$target/crds-$version.yaml"
cp install/lightreasoner.yaml "$target/install-$version.yaml"
