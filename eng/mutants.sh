#!/usr/bin/env bash
# Do the tests find faults? Applies those of eng/mutants.txt one at a time to a scratch copy of HEAD, runs the classes that
# must fail, and prints a table.
# usage: eng/mutants.sh [FIRST [LAST]]    numbers of faults; all where left out
# MUTANTS_FOLDER keeps the copy from one call to the next. A fault that does not apply any more, or does not build, is an error.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
first=${1:-1} last=${2:-${1:-9999}}
copy=${MUTANTS_FOLDER:-$(mktemp -d)}
export LIGHTREASONER_SHARED=${LIGHTREASONER_SHARED:-$(dirname "$root")/shared}

mkdir -p "$copy"
head=$(git -C "$root" rev-parse HEAD)
if [ "$(cat "$copy/.head" 2>/dev/null)" != "$head" ]; then
  git -C "$root" archive HEAD | tar -x -C "$copy"
  echo "$head" >"$copy/.head"
fi
number=0 caught=0 missed=0

build() { dotnet build "$copy/tests/$1.Tests" -c Release -nologo -v quiet -clp:NoSummary >"$copy/build.log" 2>&1; }

# Runs classes of a project; 0 where all tests pass. No test at all is an error of the list.
classes() {
  local project=$1 arguments=() class; shift
  for class in "$@"; do arguments+=(-class "$class"); done
  local program=$copy/tests/$project.Tests/bin/Release/net10.0/LightReasoner.$project.Tests.dll
  dotnet "$program" -noLogo -noColor "${arguments[@]}" >"$copy/test.log" 2>&1 && result=0 || result=$?
  grep -q 'Total: [1-9]' "$copy/test.log" || { echo "$project $*: no test ran" >&2; tail -5 "$copy/test.log" >&2; exit 2; }
  return $result
}

apply() {
  local text; text=$(<"$copy/$file")
  local without=${text/"$old"/}
  if [ "$text" = "$without" ] || [[ $without == *"$old"* ]]; then
    echo "fault $number ($fault): '$old' is not in $file exactly once; mend eng/mutants.txt" >&2
    exit 2
  fi
  printf '%s\n' "${text/"$old"/"$new"}" >"$copy/$file"
}

check() {
  number=$((number + 1))
  [ $number -ge "$first" ] && [ $number -le "$last" ] || return 0
  local original; original=$(git -C "$root" show "HEAD:$file")
  printf '%s\n' "$original" >"$copy/$file"
  read -r -a tests <<<"$tests"
  apply
  build "${tests[0]}" || { echo "fault $number ($fault): does not build" >&2; grep -m3 error "$copy/build.log" >&2; exit 2; }
  if classes "${tests[@]}"; then verdict=MISSED missed=$((missed + 1)); else verdict=caught caught=$((caught + 1)); fi
  printf '%s\n' "$original" >"$copy/$file"
  printf '| %d | %s | %s | %s | %s |\n' $number "$fault" "$file" "${tests[*]:1}" $verdict
}

printf '| | fault | file | tests | |\n| ---: | --- | --- | --- | --- |\n'
while IFS= read -r line || [ -n "$line" ]; do
  value=${line#*[[:space:]]}; value=${value#"${value%%[![:space:]]*}"}
  case $line in
    'fault:'*) fault=$value ;;
    'file:'*) file=$value ;;
    '-'*) old=$value ;;
    '+'*) new=$value ;;
    'tests:'*) tests=$value; check ;;
  esac
done <"$root/eng/mutants.txt"
echo
echo "$caught caught, $missed missed"
[ $missed -eq 0 ]
