#!/usr/bin/env bash
# Writes the chart with its default values as one manifest for `kubectl apply -f`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=$1
mkdir -p "$(dirname "$target")"
{
    cat <<'EOF'
# The operator and its definitions for `kubectl apply --server-side -f`. Made from charts/lightreasoner by `make generate`. Do not edit.
---
apiVersion: v1
kind: Namespace
metadata:
  name: lightreasoner
  labels:
    pod-security.kubernetes.io/enforce: restricted
EOF
    "$root/eng/render-chart.sh" manifest <<EOF
{"chart": "$root/charts/lightreasoner", "kubeVersion": "v1.31.0",
 "release": {"Name": "lightreasoner", "Namespace": "lightreasoner", "Service": "kubectl", "Revision": 1, "IsInstall": true},
 "values": [{"crds": {"keep": false}}]}
EOF
} >"$target.new"
mv "$target.new" "$target"
