#!/usr/bin/env bash
# Builds the images with docker, podman or buildah: images.sh [operator] [worker] [worker-cuda]; the first two by default.
#   BUILDER    docker, podman or buildah (the first that is there)
#   VERSION    tag and version (that of Directory.Build.props)
#   PREFIX     repository prefix (lightreasoner)
#   BUILD_ARGS more options for the builder, such as --build-arg BASE_IMAGE=…
set -euo pipefail
cd "$(dirname "$0")/.."
version=${VERSION:-$(eng/version.sh)}
prefix=${PREFIX:-lightreasoner}
builder=${BUILDER:-}
if [[ -z $builder ]]; then
    for candidate in docker podman buildah; do
        if command -v "$candidate" >/dev/null; then builder=$candidate && break; fi
    done
fi
if [[ -z $builder ]]; then
    echo "Images are built by docker, podman or buildah, and none of them is installed (apt-get install buildah)." >&2
    exit 1
fi
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
(($#)) || set -- operator worker
for image in "$@"; do
    case $image in
    operator) file=operator/Dockerfile tag=$prefix/operator:$version ;;
    worker) file=worker/Dockerfile tag=$prefix/worker:$version ;;
    worker-cuda) file=worker/Dockerfile.cuda tag=$prefix/worker:$version-cuda ;;
    *) echo "There is no image '$image'; there are operator, worker and worker-cuda." >&2 && exit 64 ;;
    esac
    echo "== $tag"
    # shellcheck disable=SC2086
    "$builder" build ${BUILD_ARGS:-} --build-arg VERSION="$version" --build-arg REVISION="$revision" -f "$file" -t "$tag" .
done
