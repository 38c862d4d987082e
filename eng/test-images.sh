#!/usr/bin/env bash
# Builds the operator's and the worker's image on bases made from Debian packages, and runs both: the operator with a development cluster until a run has
# succeeded, the worker as it runs in a pod (not root, read-only root). Needs the programs of bin/ (make build) and root.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
state=$(mktemp -d)
base=localhost/lightreasoner-test
version=$(eng/version.sh)
children=() containers=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null && wait "$child" 2>/dev/null || true; done
    for container in "${containers[@]}"; do buildah rm "$container" >/dev/null 2>&1 || true; done
    rm -rf "$state"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2 && exit 1; }
step() { printf '== %s\n' "$*"; }

# Makes an image of a root filesystem: from_tar TAR NAME
from_tar() {
    local container
    container=$(buildah from scratch)
    buildah add -q "$container" "$1" / >/dev/null
    buildah commit -q "$container" "$2" >/dev/null
    buildah rm "$container" >/dev/null
}
# Runs an image's entry point as a pod would: in its own root, read-only but for /tmp, which is FOLDER, as the image's user, without capabilities or ways to gain any:
# run_image NAME FOLDER ARGUMENT…
run_image() {
    local root=${roots[$1]} environment user
    environment=$(buildah inspect --type image -f '{{range .OCIv1.Config.Env}}{{.}} {{end}}' "$base/$1:$version")
    user=$(buildah inspect --type image -f '{{.OCIv1.Config.User}}' "$base/$1:$version")
    # shellcheck disable=SC2016
    exec unshare --mount sh -c '
        root=$1 folder=$2 environment=$3 user=$4; shift 4
        mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" && mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" &&
            mount --bind "$folder" "$root/tmp" || exit 1
        exec env -i $environment setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
    ' sh "$root" "$2" "$environment" "$user" "$(buildah inspect --type image -f '{{index .OCIv1.Config.Entrypoint 0}}' "$base/$1:$version")" "${@:3}"
}

step "Base images from Debian packages"
mmdebstrap --quiet --variant=apt --include=ca-certificates bookworm "$state/debian.tar"
from_tar "$state/debian.tar" "$base/debian"
# What the operator needs and nothing else: no shell, no package manager.
mmdebstrap --quiet --variant=extract --include=libc6,libgcc-s1,libssl3,libstdc++6,zlib1g,base-files,netbase bookworm "$state/runtime-deps.tar"
from_tar "$state/runtime-deps.tar" "$base/runtime-deps"
mkdir "$state/sdk" && cp -a "$(dirname "$(readlink -f "$(command -v dotnet)")")" "$state/sdk/dotnet"
printf 'FROM %s\nRUN apt-get update && apt-get install -y -q --no-install-recommends "^libicu[0-9]+$" libssl3\nCOPY dotnet /usr/share/dotnet\nRUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet\n' "$base/debian" >"$state/sdk/Dockerfile"
# The certificates and the package cache of this machine, so that the builds reach what it reaches.
mkdir -p "$HOME/.nuget/packages"
common="--isolation chroot --network host --volume /etc/ssl/certs:/etc/ssl/certs:ro --volume $HOME/.nuget/packages:/root/.nuget/packages --env NUGET_CERT_REVOCATION_MODE=${NUGET_CERT_REVOCATION_MODE:-online}"
# shellcheck disable=SC2086
buildah build -q $common -t "$base/sdk" "$state/sdk"
rm -rf "$state/sdk"

step "The images themselves"
BUILDER=buildah PREFIX=$base BUILD_ARGS="$common --build-arg SDK_IMAGE=$base/sdk --build-arg BASE_IMAGE=$base/runtime-deps" eng/images.sh operator
BUILDER=buildah PREFIX=$base BUILD_ARGS="$common --build-arg SDK_IMAGE=$base/sdk --build-arg BASE_IMAGE=$base/debian" eng/images.sh worker
declare -A roots
for image in operator worker; do
    containers+=("$(buildah from "$base/$image:$version")")
    roots[$image]=$(buildah mount "${containers[-1]}")
    bytes=$(du -sb "${roots[$image]}" | cut -f 1)
    user=$(buildah inspect --type image -f '{{.OCIv1.Config.User}}' "$base/$image:$version")
    label=$(buildah inspect --type image -f '{{index .OCIv1.Config.Labels "org.opencontainers.image.version"}}' "$base/$image:$version")
    echo "$image: $((bytes / 1000000)) MB, user $user, version $label"
    [[ $user == 65532:65532 && $label == "$version" ]] || fail "$image: user $user, version $label"
    if [[ $image == operator ]]; then ((bytes < 120000000)) || fail "the operator's image has $bytes bytes"; fi
done

step "The worker samples, not as root, on a read-only root"
mkdir -p "$state/worker/out" && cp -r examples/quickstart "$state/worker/" && chown 65532 "$state/worker/out"
sed -i 's:examples/quickstart:/tmp/quickstart:' "$state/worker/quickstart/1-sampling.yaml"
(run_image worker "$state/worker" run -f /tmp/quickstart/1-sampling.yaml --set spec.maxQuestions=24 --set spec.shards=1 --output file:///tmp/out/sampling)
samples=$(cat "$state"/worker/out/sampling/samples/*.jsonl | wc -l)
owner=$(stat -c %u "$state/worker/out/sampling/run.json")
echo "$samples samples, written by user $owner"
((samples > 0 && owner == 65532)) || fail "the worker wrote $samples samples as user $owner"

step "The operator takes a run to its end, not as root, on a read-only root"
mkdir "$state/cluster" "$state/operator"
export KUBECONFIG=$state/operator/kubeconfig
bin/devcluster up --kubeconfig "$KUBECONFIG" --data "$state/cluster" --workdir "$repository" --image "lightreasoner/worker=$repository/bin/worker" >"$state/devcluster.log" 2>&1 &
children+=($!)
for _ in $(seq 120); do kubectl get --raw /readyz >/dev/null 2>&1 && break || sleep 0.5; done
chown -R 65532 "$state/operator"
kubectl apply -f crds/ >/dev/null
(run_image operator "$state/operator" run --kubeconfig /tmp/kubeconfig --output-prefix "file://$state/runs" --progress-url http://127.0.0.1:18080) >"$state/operator.log" 2>&1 &
operator=$!
children+=("$operator")
kubectl apply -f examples/quickstart/1-sampling.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Succeeded srun/sampling --timeout=180s || { tail -30 "$state/operator.log" && kubectl describe srun sampling && fail "the run did not succeed"; }
kubectl get srun sampling -o wide
[[ $(ps -o uid= -p "$operator" | tr -d ' ') == 65532 ]] || fail "the operator runs as user $(ps -o uid= -p "$operator")"
kill -TERM "$operator"
wait "$operator" || fail "the operator ended with $? when it was stopped; $(tail -5 "$state/operator.log")"
echo "passed"
