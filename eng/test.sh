#!/usr/bin/env bash
# ./autobid test [--filter EXPR] [--chaos] [--seed random|N]: every test, .NET and Python. The last line is `N passed, N failed, N skipped`
# over all of them; before it every skipped test with its reason. With --filter only .NET tests run. Chaos runs are short;
# with --chaos they are long (some minutes more) and tell their figures. Properties start from the same seed at every run; --seed
# random, and --chaos, look for what that one does not show.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

filter=() loggers=()
while [ $# -gt 0 ]; do
  case "$1" in
    --filter) filter=(--filter "${2:?--filter needs an expression}"); shift 2 ;;
    --chaos) export AUTOBID_CHAOS=long; loggers=(--logger "console;verbosity=normal"); shift ;;
    --seed) export AUTOBID_TEST_SEED="${2:?--seed needs a number, or random}"; shift 2 ;;
    -h | --help) echo "usage: ./autobid test [--filter EXPR] [--chaos] [--seed random|N]"; exit ;;
    *) die "test: unknown option $1" ;;
  esac
done

cd "$ROOT"
results="$ROOT/TestResults"
rm -rf "$results"; mkdir -p "$results"
: >"$results/summary"   # one line a test: OUTCOME TAB NAME TAB REASON
status=0

"$ROOT/eng/build.sh" all

assemblies=()
while read -r project; do
  assemblies+=("$(dirname "$project")/bin/Release/net10.0/$(basename "$project" .csproj).dll")
done < <(find tests -name '*.csproj' | sort)

# One run over all assemblies: one results file, and no build of anything.
dotnet test "${assemblies[@]}" "${filter[@]}" --nologo "${loggers[@]}" --logger "trx;LogFileName=dotnet.trx" --results-directory "$results" \
  --blame-hang-timeout 30m --blame-hang-dump-type none </dev/null || status=1
[ -e "$results/dotnet.trx" ] && awk -f eng/test-summary.awk "$results/dotnet.trx" >>"$results/summary"
if [ $status = 1 ] && ! grep -q '^failed' "$results/summary"; then
  printf 'failed\tdotnet test\ta test host ended abnormally; see above\n' >>"$results/summary"
fi

if [ ${#filter[@]} = 0 ] && find policies -name 'test_*.py' | grep -q .; then
  if python="$("$ROOT/eng/python.sh")"; then
    "$python" -m pytest policies -q -p no:cacheprovider --junitxml "$results/python.xml" </dev/null || status=1
    if [ -e "$results/python.xml" ]; then
      sed 's/></>\n</g' "$results/python.xml" | awk -f eng/test-summary.awk >>"$results/summary"
    else
      printf 'failed\tpytest\tended without a result; see above\n' >>"$results/summary"
    fi
  else
    grep -rhoE --include='test_*.py' '^ *def test_\w+' policies | sed -E "s/^ *def (.*)/skipped\t\1\tPyTorch, NumPy, onnx or pytest is not installed/" >>"$results/summary"
  fi
fi

count() { grep -c "^$1" "$results/summary" || true; }
awk -F'\t' '$1 == "skipped" { print "skipped: " $2 ": " ($3 == "" ? "explicit: run by hand" : $3) } $1 == "failed" { print "FAILED: " $2 ": " $3 }' "$results/summary" | sort
passed="$(count passed)" failed="$(count failed)" skipped="$(count skipped)"
[ "$failed" = 0 ] && [ "$((passed + failed))" != 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
