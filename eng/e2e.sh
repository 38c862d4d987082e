#!/usr/bin/env bash
# The chart and the worker on a kind cluster of two workers (eng/kind.yaml): installation, a pipeline on a volume,
# suspension, a drain, an upgrade, and uninstallation.
# Needs the images of `make images`, and kind, kubectl and helm on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
cluster=${CLUSTER:-lightreasoner}
version=$(eng/version.sh)
step() { printf '== %s\n' "$*"; }
phase() { kubectl -n e2e get "$1" -o jsonpath='{.status.phase}'; }
until_phase() { # run, phase
    for _ in $(seq 300); do [[ $(phase "$1") == "$2" ]] && return 0; sleep 1; done
    echo "$1 is $(phase "$1"), not $2" >&2
    return 1
}

step "Images and data"
kind load docker-image --name "$cluster" "lightreasoner/operator:$version" "lightreasoner/worker:$version"
kubectl create namespace e2e
kubectl label namespace e2e pod-security.kubernetes.io/enforce=restricted
# kind's volumes are of one node: the claim is ReadWriteOnce here, and all pods of the pipeline run on its node.
kubectl -n e2e apply -f <(sed 's/ReadWriteMany/ReadWriteOnce/' examples/pvc/claim.yaml)
kubectl -n e2e apply -f - <<POD
apiVersion: v1
kind: Pod
metadata: {name: loader}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: loader
      image: lightreasoner/worker:$version
      command: [sleep, "86400"]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: lightreasoner}}]
POD
kubectl -n e2e wait --for=condition=Ready pod/loader --timeout=180s
kubectl -n e2e cp examples/quickstart/models/seed-0 loader:/data/models
for file in questions test; do kubectl -n e2e cp "examples/quickstart/data/$file.jsonl" "loader:/data/$file.jsonl"; done

step "Installation"
helm install lightreasoner charts/lightreasoner --namespace lightreasoner --create-namespace --wait --timeout 3m

step "A pipeline, suspended and resumed"
kubectl -n e2e apply -f examples/pvc/2-finetune.yaml
until_phase ftrun/finetune Waiting
kubectl -n e2e apply -f examples/pvc/1-sampling.yaml
kubectl -n e2e patch srun sampling --type=merge -p '{"spec": {"suspend": true}}'
until_phase srun/sampling Suspended
kubectl -n e2e patch srun sampling --type=merge -p '{"spec": {"suspend": false}}'
kubectl -n e2e wait --for=condition=Complete srun/sampling --timeout=10m

step "A drain of the operator's node"
node=$(kubectl -n lightreasoner get pods -l app.kubernetes.io/component=operator -o jsonpath='{.items[0].spec.nodeName}')
kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --pod-selector=app.kubernetes.io/component=operator --timeout=2m
kubectl uncordon "$node"

step "An upgrade while a run works leaves its Job alone"
before=$(kubectl -n e2e get jobs -o jsonpath='{.items[*].metadata.uid}')
helm upgrade lightreasoner charts/lightreasoner --namespace lightreasoner --set concurrency=4 --wait --timeout 3m
[[ $(kubectl -n e2e get jobs -o jsonpath='{.items[*].metadata.uid}') == "$before"* ]]
kubectl -n e2e wait --for=condition=Complete ftrun/finetune --timeout=15m
kubectl -n e2e get lightreasoner -o wide

step "The end: a namespace goes while a run works, definitions stay after the chart"
sed 's/name: sampling/name: another/; s:runs/sampling:runs/another:' examples/pvc/1-sampling.yaml | kubectl -n e2e apply -f -
until_phase srun/another Running
kubectl delete namespace e2e --timeout=3m
helm uninstall lightreasoner --namespace lightreasoner --wait
kubectl get crd samplingruns.lightreasoner.io finetuneruns.lightreasoner.io refineruns.lightreasoner.io
echo passed
