#!/usr/bin/env bash
# Writes the chart with its default values as one manifest for `kubectl apply -f`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=$1
helm=$root/.cache/kubectl/v35/helm
[[ -x $helm ]] || { echo "$helm is missing; eng/install-tools.sh test installs it" >&2; exit 69; }
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
    "$helm" template lightreasoner "$root/charts/lightreasoner" --namespace lightreasoner --kube-version v1.31.0 --set crds.keep=false |
        sed 's|app.kubernetes.io/managed-by: Helm|app.kubernetes.io/managed-by: kubectl|'
} >"$target.new"
mv "$target.new" "$target"
