#!/usr/bin/env bash
# Runs every test project (built before, in Release), three side by side, and shows what each said. The end of the log
# names what failed, and why, and gives the sum.
# usage: eng/run-tests.sh [--images] OPTIONS-OF-XUNIT...    --images: eng/test-images.sh too, counted as one test
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.cache/kubectl/v35:$PATH
# The models of the tests are small: a second thread in an operator only waits for the first, and both take turns with the other projects.
export OMP_NUM_THREADS=1
# Many programs that live for seconds: code that is compiled twice instead of three times.
export DOTNET_TieredPGO=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

run() { # LOGS PROJECT OPTIONS...
    local logs=$1 name=$2
    shift 2
    if [[ $name == images ]]; then
        images > "$logs/$name" 2>&1
    else
        dotnet "tests/$name/bin/Release/net10.0/LightReasoner.$name.dll" -noLogo -noColor "$@" > "$logs/$name" 2>&1
    fi
    echo "== $name"
    cat "$logs/$name"
}
# The images as one test, reported as xunit does; 77 says that this machine cannot build them.
images() {
    local log code=0
    log=$(eng/test-images.sh 2>&1) || code=$?
    printf '%s\n' "$log"
    if ((code != 0 && code != 77)); then
        echo "    eng/test-images.sh [FAIL]"
        tail -n 7 <<< "$log" | sed 's/^/      /'
    fi
    echo "Total: 1, Errors: 0, Failed: $((code != 0 && code != 77)), Skipped: $((code == 77))"
}
export -f run images

with=()
[[ ${1:-} != --images ]] || { with=(images); shift; }
# The longest first; the others wait for no one.
{
    printf '%s\n' Worker.Tests Operator.Tests EndToEnd DevCluster.Tests "${with[@]}"
    for project in tests/*/*.csproj; do basename "${project%.csproj}"; done
} | awk '!seen[$0]++' | tee "$logs/.projects" | xargs -P 3 -I {} bash -c 'run "$@"' run "$logs" {} "$@"

# The failed tests of a log, each with the first lines of its message and of its stack.
reasons() { # PROJECT LOG
    awk -v project="$1" '
        / \[FAIL\]$|^ *\[.* (Cleanup Failure|ERROR)/ { sub(/^ */, ""); print project ": " substr($0, 1, 200); shown = 1; left = 7; next }
        shown && (!/^      / && NF > 0) { shown = 0 }
        shown && /^      Stack Trace:$/ { left = 4; next }
        shown && /^      Output:$/ { shown = 0 }
        shown && left > 0 && NF > 0 { print substr($0, 1, 200); left-- }' "$2"
}

passed=0 failed=0 skipped=0 failures=
while read -r name; do
    summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$logs/$name" | tail -n 1)
    failures+=$(reasons "$name" "$logs/$name")$'\n'
    if [[ $summary =~ Total:\ ([0-9]+),\ Errors:\ ([0-9]+),\ Failed:\ ([0-9]+),\ Skipped:\ ([0-9]+) ]]; then
        bad=$((BASH_REMATCH[2] + BASH_REMATCH[3]))
        failed=$((failed + bad))
        skipped=$((skipped + BASH_REMATCH[4]))
        passed=$((passed + BASH_REMATCH[1] - BASH_REMATCH[3] - BASH_REMATCH[4]))
    else
        failed=$((failed + 1))
        failures+="$name did not report its tests: counted as one failure. It ended with:"$'\n'
        failures+=$(tail -n 8 "$logs/$name" | sed -E 's/^(.{0,200}).*/  \1/')$'\n'
    fi
done < "$logs/.projects"
echo
# The reasons of the first ten; the names of all.
awk '/^[^ ]/ { tests++ } tests <= 10 && NF > 0' <<< "$failures"
echo
grep '^[^ ]' <<< "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
