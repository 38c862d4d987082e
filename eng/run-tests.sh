#!/usr/bin/env bash
# Runs every test project (built before, in Release), shows what failed or was skipped, and closes with the sum.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.cache/kubectl/v35:$PATH
passed=0 failed=0 skipped=0 failures=
for project in tests/*/*.csproj; do
    name=$(basename "${project%.csproj}")
    dll=$(dirname "$project")/bin/Release/net10.0/LightReasoner.$name.dll
    echo "== $name"
    log=$(mktemp)
    dotnet "$dll" -noLogo -noColor "${@}" 2>&1 | tee "$log"
    summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1)
    failures+=$(grep -E '\[FAIL\]$' "$log" | sed "s/^ */$name: /")$'\n'
    rm -f "$log"
    if [[ $summary =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+) ]]; then
        bad=$((BASH_REMATCH[2] + BASH_REMATCH[3]))
        failed=$((failed + bad))
        skipped=$((skipped + BASH_REMATCH[4]))
        passed=$((passed + BASH_REMATCH[1] - BASH_REMATCH[3] - BASH_REMATCH[4]))
    else
        echo "$name did not report its tests: counted as one failure."
        failed=$((failed + 1))
        failures+="$name: did not report"$'\n'
    fi
done
grep -v '^$' <<< "$failures"
echo
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
