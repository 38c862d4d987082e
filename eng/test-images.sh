#!/usr/bin/env bash
# Builds the images on bases made from Debian packages, and runs them as a pod would (not root, read-only root): the
# operator with a development cluster until a run has succeeded, the workers until a run is done. The worker for GPUs is
# built on a base whose libtorch (for CPUs) lies in a folder as PyTorch lays it out.
# Needs the programs of bin/ (make build), Debian's packages, root and the right to mount. Exit code 77: not on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
if ((EUID != 0)) || ! unshare --mount true 2>/dev/null || ! command -v apt-get >/dev/null; then
    echo "The images are not tested here: that needs root, the right to mount (unshare --mount), and apt-get. [SKIP]"
    exit 77
fi
unavailable() {
    echo "The images are not tested here: $1 cannot be had from Debian's package sources. [SKIP]"
    exit 77
}
eng/install-tools.sh images || unavailable "the tools to build them"
repository=$PWD
state=$(mktemp -d)
base=localhost/lightreasoner-test
version=$(eng/version.sh)
children=() containers=()
declare -A tags=([operator]=operator:$version [worker]=worker:$version [worker-cuda]=worker:$version-cuda) roots
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
# A field of an image's configuration: config_of NAME TEMPLATE
config_of() { buildah inspect --type image -f "{{$2}}" "$base/${tags[$1]}"; }
# Runs an image's entry point as a pod would: in its own root, read-only but for /tmp, which is FOLDER, as the image's user,
# without capabilities or ways to gain any: run_image NAME FOLDER ARGUMENT…
run_image() {
    local root=${roots[$1]} environment user
    environment=$(config_of "$1" 'range .OCIv1.Config.Env}}{{.}} {{end')
    user=$(config_of "$1" .OCIv1.Config.User)
    # shellcheck disable=SC2016
    exec unshare --mount sh -c '
        root=$1 folder=$2 environment=$3 user=$4; shift 4
        mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" && mount --rbind /dev "$root/dev" &&
            mount --rbind /proc "$root/proc" && mount --bind "$folder" "$root/tmp" || exit 1
        if touch "$root/written" 2>/dev/null; then echo "the root can be written to" >&2; exit 1; fi
        exec env -i $environment setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
    ' sh "$root" "$2" "$environment" "$user" "$(config_of "$1" 'index .OCIv1.Config.Entrypoint 0')" "${@:3}"
}
# A worker's image does a tiny sampling run: sample_with NAME
sample_with() {
    local folder=$state/$1 samples owner
    # Like the emptyDir of a pod's /tmp, anyone may write to it.
    mkdir -p "$folder/out" && cp -r examples/quickstart "$folder/" && chown 65532 "$folder/out" && chmod 1777 "$folder"
    sed -i 's:examples/quickstart:/tmp/quickstart:' "$folder/quickstart/1-sampling.yaml"
    (run_image "$1" "$folder" run -f /tmp/quickstart/1-sampling.yaml --set spec.maxQuestions=24 --set spec.shards=1 \
        --output file:///tmp/out/sampling)
    samples=$(cat "$folder"/out/sampling/samples/*.jsonl | wc -l)
    owner=$(stat -c %u "$folder/out/sampling/run.json")
    echo "$samples samples, written by user $owner"
    ((samples > 0 && owner == 65532)) || fail "$1 wrote $samples samples as user $owner"
}

step "Base images from Debian packages"
debootstrap() { mmdebstrap --quiet --dpkgopt=force-unsafe-io --variant="$1" --include="$2" bookworm "$state/$3.tar"; }
# What .NET and libtorch need; for the operator what it needs and nothing else: no shell, no package manager.
debootstrap apt ca-certificates,libssl3,libstdc++6 debian || unavailable bookworm
from_tar "$state/debian.tar" "$base/debian"
debootstrap extract libc6,libgcc-s1,libssl3,libstdc++6,zlib1g,base-files,netbase runtime-deps
from_tar "$state/runtime-deps.tar" "$base/runtime-deps"
rm "$state"/*.tar
# The certificates and the package cache of this machine, so that the builds reach what it reaches.
mkdir -p "$HOME/.nuget/packages"
common="--isolation chroot --network host --env NUGET_CERT_REVOCATION_MODE=${NUGET_CERT_REVOCATION_MODE:-online}"
common+=" --volume /etc/ssl/certs:/etc/ssl/certs:ro --volume $HOME/.nuget/packages:/root/.nuget/packages"
# The SDK, and for the worker on GPUs a folder with libtorch as PyTorch lays it out.
mkdir "$state/sdk" "$state/pytorch"
cp -a "$(dirname "$(readlink -f "$(command -v dotnet)")")" "$state/sdk/dotnet"
printf '%s\n' "FROM $base/debian" "ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1" "COPY dotnet /usr/share/dotnet" \
    "RUN ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet" >"$state/sdk/Dockerfile"
cp -r worker/bin/Release/net10.0/libtorch "$state/pytorch/lib"
rm "$state/pytorch/lib/libLibTorchSharp.so"
printf '%s\n' "FROM $base/debian" "COPY lib /opt/pytorch/lib" >"$state/pytorch/Dockerfile"
for image in sdk pytorch; do
    # shellcheck disable=SC2086
    buildah build -q $common -t "$base/$image" "$state/$image"
    rm -rf "${state:?}/$image"
done

step "The images themselves"
build_image() { # NAME BASE OPTIONS…
    local arguments="$common --build-arg SDK_IMAGE=$base/sdk --build-arg BASE_IMAGE=$base/$2 ${*:3}"
    BUILDER=buildah PREFIX=$base BUILD_ARGS=$arguments eng/images.sh "$1"
}
build_image operator runtime-deps
build_image worker debian
build_image worker-cuda pytorch --build-arg LIBTORCH=/opt/pytorch
for image in "${!tags[@]}"; do
    containers+=("$(buildah from "$base/${tags[$image]}")")
    roots[$image]=$(buildah mount "${containers[-1]}")
    bytes=$(du -sb "${roots[$image]}" | cut -f 1)
    user=$(config_of "$image" .OCIv1.Config.User)
    [[ $user == 65532:65532 ]] || fail "$image runs as user '$user'"
    for label in title description version revision licenses; do
        value=$(config_of "$image" "index .OCIv1.Config.Labels \"org.opencontainers.image.$label\"")
        [[ -n $value ]] || fail "$image has no label $label"
        [[ $label != version || $value == "$version" ]] || fail "$image says that it is version $value"
    done
    echo "$image: $((bytes / 1000000)) MB, user $user, version $version"
    if [[ $image == operator ]]; then ((bytes < 120000000)) || fail "the operator's image has $bytes bytes"; fi
done

step "The workers sample, not as root, on a read-only root"
for image in worker worker-cuda; do sample_with "$image"; done
[[ ! -e ${roots[worker-cuda]}/app/libtorch/libtorch_cpu.so ]] || fail "worker-cuda has a libtorch of its own beside that of its base"

step "The operator takes a run to its end, not as root, on a read-only root"
mkdir "$state/cluster" "$state/operator"
export KUBECONFIG=$state/operator/kubeconfig
bin/devcluster up --kubeconfig "$KUBECONFIG" --data "$state/cluster" --workdir "$repository" \
    --image "lightreasoner/worker=$repository/bin/worker" >"$state/devcluster.log" 2>&1 &
children+=($!)
for _ in $(seq 120); do kubectl get --raw /readyz >/dev/null 2>&1 && break || sleep 0.5; done
chown -R 65532 "$state/operator"
kubectl apply -f crds/ >/dev/null
# An address of its own on loopback: other tests run operators at the same time.
address=http://127.$((RANDOM % 254 + 1)).$((RANDOM % 254 + 1)).$((RANDOM % 254 + 1))
(run_image operator "$state/operator" run --kubeconfig /tmp/kubeconfig --output-prefix "file://$state/runs" \
    --listen "$address:8080" --metrics-listen "$address:8081" --progress-url "$address:8080") >"$state/operator.log" 2>&1 &
operator=$!
children+=("$operator")
kubectl apply -f examples/quickstart/1-sampling.yaml
if ! kubectl wait --for=condition=Ready srun/sampling --timeout=180s; then
    tail -30 "$state/operator.log"
    kubectl describe srun sampling
    fail "the run did not succeed"
fi
kubectl get srun sampling -o wide
[[ $(ps -o uid= -p "$operator" | tr -d ' ') == 65532 ]] || fail "the operator runs as user $(ps -o uid= -p "$operator")"
kill -TERM "$operator"
wait "$operator" || fail "the operator ended with $? when it was stopped; $(tail -5 "$state/operator.log")"
echo "passed"
