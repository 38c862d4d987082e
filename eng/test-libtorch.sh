#!/usr/bin/env bash
# Builds and tests the TorchSharp stand-in and the worker over the libtorch of another Debian, in a root made of its packages: test-libtorch.sh [SUITE [OPTION…]].
# trixie (the default) has libtorch 2.6, forky and sid follow PyTorch; further options go to mmdebstrap. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
((EUID == 0)) || { echo "Run this as root: it makes a root of Debian packages and changes into it." >&2; exit 1; }
suite=${1:-trixie}
state=$(mktemp -d)
root=$state/root
trap 'rm -rf --one-file-system "$state"' EXIT
step() { printf '== %s\n' "$*"; }
# Runs a command in the root. Mounts are this command's own and end with it: in_root COMMAND…
in_root() {
    # shellcheck disable=SC2016
    unshare --mount sh -c '
        root=$1; shift
        while [ "$1" != -- ]; do mkdir -p "$root$2" && mount --rbind "$1" "$root$2" || exit 1; shift 2; done
        shift
        exec chroot "$root" env -i PATH=/usr/share/dotnet:/usr/bin:/bin HOME=/root LANG=C.UTF-8 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 "$@"
    ' sh "$root" "${mounts[@]}" -- "$@"
}

step "Debian $suite with its libtorch"
mmdebstrap --quiet --variant=minbase --include='ca-certificates,g++,libtorch-dev,libopenblas0-pthread,?name(^libicu[0-9]+$)' "${@:2}" "$suite" "$root"
# The .NET SDK, the certificates and the package cache of this machine, so that the build reaches what it reaches; recorded data, if there is any.
mkdir -p "$HOME/.nuget"
mounts=(/dev /dev /proc /proc "$(dirname "$(readlink -f "$(command -v dotnet)")")" /usr/share/dotnet /etc/ssl/certs /etc/ssl/certs "$HOME/.nuget" /root/.nuget)
shared=${LIGHTREASONER_SHARED:-../shared}
[[ ! -d $shared ]] || mounts+=("$(realpath "$shared")" /src/shared)
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/src/tree"
git ls-files -z --cached --others --exclude-standard | tar --create --null --ignore-failed-read --files-from=- 2>/dev/null | tar --extract -C "$root/src/tree"

failed=0
for project in Polyfills.Tests Worker.Tests; do
    step "$project over $(chroot "$root" dpkg-query -W -f '${Package} ${Version}' libtorch-dev)"
    in_root NUGET_CERT_REVOCATION_MODE="${NUGET_CERT_REVOCATION_MODE:-online}" dotnet build "/src/tree/tests/$project" -c Release -nologo -v quiet -clp:NoSummary -p:UseSharedCompilation=false
    in_root dotnet "/src/tree/tests/$project/bin/Release/net10.0/LightReasoner.$project.dll" -noLogo -noColor || failed=1
done
((failed == 0)) && echo "passed"
