#!/usr/bin/env bash
# Builds (where its sources have changed) and runs the chart renderer in eng/RenderChart. Exit code 69: Go or a library of it is missing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
libraries=/usr/share/gocode
for needed in github.com/Masterminds/sprig github.com/xeipuuv/gojsonschema sigs.k8s.io/yaml; do
    if ! command -v go >/dev/null || [[ ! -d $libraries/src/$needed ]]; then
        echo "render-chart: needs go and $needed (Debian: golang-go, golang-github-masterminds-sprig-dev, golang-github-xeipuuv-gojsonschema-dev, golang-k8s-sigs-yaml-dev)" >&2
        exit 69
    fi
done
program=$root/bin/render-chart
if [[ ! -x $program || -n $(find "$root/eng/RenderChart" -name '*.go' -newer "$program") ]]; then
    mkdir -p "$root/bin"
    (cd "$root/eng/RenderChart" && GO111MODULE=off GOPATH=$libraries GOCACHE=${GOCACHE:-$root/bin/.go-cache} go build -o "$program.$$" .)
    mv "$program.$$" "$program"
fi
exec "$program" "$@"
