#!/usr/bin/env bash
# Installs what is missing for a purpose (build, quickstart, test, bench, images, libtorch or sbom), by apt, and says which package is for what.
set -euo pipefail
purpose=${1:-build}
PATH=$PATH:/usr/sbin:/sbin # ldconfig lies there, and a user's PATH may leave it out

missing=() reasons=()
declare -A optional=()
want() { # package, reason
    missing+=("$1")
    reasons+=("  $1: $2")
}
# What only some tests need, which skip without it: left out where apt does not know it.
want_for_tests() { # path or command that shows that it is there, package, reason
    [[ -e $1 ]] || command -v "$1" >/dev/null || { want "$2" "$3"; optional[$2]=1; }
}
has_header() { echo "#include <$1>" | g++ -E -x c++ "${@:2}" - >/dev/null 2>&1; }

command -v g++ >/dev/null || want g++ "compiles the shim between .NET and libtorch"
if [[ -z ${LIBTORCH:-} ]]; then
    if ! command -v g++ >/dev/null || ! has_header torch/script.h -I/usr/include/torch/csrc/api/include; then
        want libtorch-dev "the tensor engine (set LIBTORCH=/path to use another one)"
    fi
    [[ -n $(ldconfig -p | grep -F libopenblas) ]] || want libopenblas0-pthread "fast matrix products on the CPU"
fi
if ! command -v dotnet >/dev/null || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    want dotnet-sdk-10.0 "builds everything"
fi
if [[ $purpose == bench ]]; then
    /usr/bin/python3 -c 'import torch' 2>/dev/null || want python3-torch "the reference program of the measurements"
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || want python3-numpy "reads the reference program's weights"
elif [[ $purpose != build && $purpose != libtorch ]]; then
    command -v kubectl >/dev/null || want kubernetes-client "kubectl"
fi

if [[ $purpose == test ]]; then
    want_for_tests go golang-go "renders the Helm chart with the engine that Helm uses"
    want_for_tests /usr/share/gocode/src/github.com/Masterminds/sprig golang-github-masterminds-sprig-dev "the functions that Helm's templates have"
    want_for_tests /usr/share/gocode/src/github.com/xeipuuv/gojsonschema golang-github-xeipuuv-gojsonschema-dev "the schema of the chart's values"
    want_for_tests /usr/share/gocode/src/sigs.k8s.io/yaml golang-k8s-sigs-yaml-dev "YAML as Kubernetes reads it"
    want_for_tests ceph-mon ceph-mon "an S3 server for the tests: its monitor"
    want_for_tests ceph-osd ceph-osd "its object store"
    want_for_tests radosgw radosgw "its gateway"
    want_for_tests ceph ceph-common "its command line"
    want_for_tests curl curl "asks whether it is up"
    want_for_tests chromium chromium "shows the reports as a reader sees them"
    command -v node >/dev/null || want nodejs "runs Azurite, the storage emulator of the tests"
    command -v npm >/dev/null || want npm "installs Azurite"
fi

install_azurite() {
    local folder version=3.35.0
    [[ $purpose == test ]] || return 0
    folder="$(cd "$(dirname "$0")/.." && pwd)/.cache/azurite"
    [[ -f $folder/node_modules/azurite/dist/src/blob/main.js ]] && return 0
    echo "Installing Azurite $version into $folder"
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "azurite@$version"
}

# The tool alone: the package would also set up a server.
install_promtool() {
    local folder state
    [[ $purpose == test ]] || return 0
    folder="$(cd "$(dirname "$0")/.." && pwd)/.cache/promtool"
    [[ ! -x $folder/usr/bin/promtool ]] && ! command -v promtool >/dev/null && command -v apt-get >/dev/null || return 0
    echo "Unpacking promtool (Debian's prometheus) into $folder"
    state=$(mktemp -d)
    if (cd "$state" && apt-get download -q prometheus) && dpkg-deb --fsys-tarfile "$state"/prometheus_*.deb | tar -x -C "$state" ./usr/bin/promtool; then
        mkdir -p "$folder/usr/bin" && mv "$state/usr/bin/promtool" "$folder/usr/bin/"
    else
        echo "promtool could not be had; the test that needs it will be skipped." >&2
    fi
    rm -rf "$state"
}

if [[ $purpose == images ]]; then
    command -v buildah >/dev/null || want buildah "builds the images"
fi
if [[ $purpose == images || $purpose == libtorch ]]; then
    command -v mmdebstrap >/dev/null || want mmdebstrap "makes base images and roots from Debian packages"
fi
if [[ $purpose == sbom ]]; then
    command -v npm >/dev/null || want npm "brings the tool that writes the bills"
fi

install_packages() {
    ((${#missing[@]} > 0)) || return 0
    echo "Missing packages:"
    printf '%s\n' "${reasons[@]}"
    if ! command -v apt-get >/dev/null; then
        ((${#missing[@]} > ${#optional[@]})) || return 0
        echo "This system has no apt-get; install the packages above by its own means and run this again." >&2
        exit 1
    fi
    local as_root=() known=() package
    if ((EUID != 0)); then
        command -v sudo >/dev/null || { echo "Run this as root, or install sudo, so that apt-get can install them." >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q
    for package in "${missing[@]}"; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            known+=("$package")
        elif [[ -n ${optional[$package]:-} ]]; then
            echo "apt knows no package $package here; the tests that need it will be skipped." >&2
        else
            echo "apt knows no package $package here. See docs/troubleshooting.md, 'A package is missing', for other ways to install it." >&2
            exit 1
        fi
    done
    ((${#known[@]} == 0)) || "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${known[@]}"
}

install_packages
install_azurite
install_promtool
