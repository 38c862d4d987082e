#!/usr/bin/env bash
# Writes bin/worker, bin/operator and bin/devcluster, which start the Release builds.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
launcher() { # name, assembly, what it is started through
    cat >"bin/$1" <<EOF
#!/bin/sh
here=\$(CDPATH= cd -- "\$(dirname -- "\$(readlink -f -- "\$0")")" && pwd)
exec ${3:+$3 }dotnet "\$here/../$1/bin/Release/net10.0/$2.dll" "\$@"
EOF
    chmod +x "bin/$1"
}
# What the C library must be told before it starts. Huge pages: a decode step reads all weights, and finding their pages is a tenth of
# its time.
launcher worker LightReasoner.Worker 'env GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"'
launcher operator LightReasoner.Operator
launcher devcluster LightReasoner.DevCluster
