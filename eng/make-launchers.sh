#!/usr/bin/env bash
# Writes bin/worker, bin/operator and bin/devcluster, which start the Release builds.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
launcher() { # name, assembly
    cat >"bin/$1" <<EOF
#!/bin/sh
here=\$(CDPATH= cd -- "\$(dirname -- "\$(readlink -f -- "\$0")")" && pwd)
exec dotnet "\$here/../$1/bin/Release/net10.0/$2.dll" "\$@"
EOF
    chmod +x "bin/$1"
}
launcher worker LightReasoner.Worker
launcher operator LightReasoner.Operator
launcher devcluster LightReasoner.DevCluster
