#!/usr/bin/env bash
# release.sh VERSION writes the contents of a release to dist/ and changes nothing else: what eng/package.sh makes, and
# release-VERSION.patch, which updates version numbers, install/ and the change log's heading.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-}
if [[ ! $version =~ ^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$ ]]; then
    echo "usage: make release VERSION=1.2.3 (got '$version'; semantic versioning, without a v)" >&2
    exit 64
fi
if ! git diff --quiet HEAD; then
    echo "There are changes that are not committed; a release is made of a commit." >&2
    exit 65
fi
notes=$(sed -n '/^## Unreleased/,/^## [^U]/p' CHANGELOG.md | grep -E '^- ' || true)
if [[ -z $notes ]]; then
    echo "CHANGELOG.md says nothing under '## Unreleased'." >&2
    exit 65
fi
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
    echo "v$version has been released already." >&2
    exit 65
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git archive HEAD | tar -x -C "$tree"
old=$(eng/version.sh)
versioned=(Directory.Build.props charts/lightreasoner/Chart.yaml operator/Dockerfile worker/Dockerfile worker/Dockerfile.cuda)
(
    cd "$tree"
    sed -i "s/${old//./\\.}/$version/g" "${versioned[@]}"
    sed -i "s/^## Unreleased.*/## Unreleased\n\n## $version, $(date -u +%F)/" CHANGELOG.md
    eng/make-install.sh install/lightreasoner.yaml
)

in_step() { # what, value
    [[ $2 == "$version" ]] || { echo "$1 has version '$2' instead of $version." >&2; exit 70; }
}
in_step "the programs" "$("$tree/eng/version.sh")"
in_step "the chart" "$(sed -n 's/^version: *//p' "$tree/charts/lightreasoner/Chart.yaml")"
in_step "the chart's appVersion" "$(sed -n 's/^appVersion: *//p' "$tree/charts/lightreasoner/Chart.yaml")"
for file in operator/Dockerfile worker/Dockerfile worker/Dockerfile.cuda; do
    in_step "$file" "$(sed -n 's/^ARG VERSION=//p' "$tree/$file" | sort -u)"
done
for image in $(grep -ohE 'lightreasoner/(operator|worker):[^" ]+' "$tree/install/lightreasoner.yaml" | sort -u); do
    in_step "install/lightreasoner.yaml: $image" "${image##*:}"
done

"$tree/eng/package.sh" "$PWD/dist"
git --work-tree="$tree" diff --no-color HEAD >"dist/release-$version.patch" || true

cat <<EOF
Version $version (now $old) in dist/:
$(cd dist && ls -1 -- *"$version"* | sed 's/^/  /')
Images: lightreasoner/operator:$version, lightreasoner/worker:$version, lightreasoner/worker:$version-cuda

To make it one:
  git apply dist/release-$version.patch && git commit -am "Release $version" && git tag v$version
  make test && make images && git push --follow-tags
EOF
