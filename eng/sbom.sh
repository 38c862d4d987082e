#!/usr/bin/env bash
# Writes a bill of materials (CycloneDX JSON) of the operator and of the worker to dist/, with cdxgen from npm. It reads the
# packages that restore chose, not those that the project files ask for: what polyfills/ replaces is not in the programs,
# and so not in the bill. The Debian packages of an image are listed in the image itself (/var/lib/dpkg), where scanners
# look.
set -euo pipefail
cd "$(dirname "$0")/.."
cdxgen=12.8.4
tools=.cache/sbom
[[ -x $tools/node_modules/.bin/cdxgen ]] || npm install --silent --no-audit --no-fund --omit=optional --prefix "$tools" "@cyclonedx/cdxgen@$cdxgen"
version=$(eng/version.sh)
mkdir -p dist
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
for program in operator worker; do
    mkdir "$state/$program"
    dotnet restore "$program" -v quiet
    dotnet list "$program" package --include-transitive --format json >"$state/packages.json"
    node -e '
        const fs = require("fs"), dependencies = {};
        for (const framework of JSON.parse(fs.readFileSync(process.argv[1])).projects.flatMap(project => project.frameworks ?? []))
            for (const [type, list] of [["Direct", framework.topLevelPackages], ["Transitive", framework.transitivePackages]])
                for (const entry of list ?? []) (dependencies[framework.framework] ??= {})[entry.id] = { type, resolved: entry.resolvedVersion };
        fs.writeFileSync(process.argv[2], JSON.stringify({ version: 2, dependencies }));' "$state/packages.json" "$state/$program/packages.lock.json"
    bill=dist/$program-$version.cdx.json
    FETCH_LICENSE=false "$tools/node_modules/.bin/cdxgen" -t dotnet --no-install-deps --project-name "lightreasoner-$program" --project-version "$version" -o "$bill" "$state/$program" >"$state/log" 2>&1 || { cat "$state/log"; exit 1; }
    node -e 'const bill = JSON.parse(require("fs").readFileSync(process.argv[1])); if (!bill.components.length) throw new Error("the bill is empty"); console.log(`${process.argv[1]}: ${bill.components.length} packages`);' "$bill"
done
