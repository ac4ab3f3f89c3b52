#!/usr/bin/env bash
# build.sh cli|all: the Release build of src/AutoBid.Cli, or of the solution. `cli` does nothing, in some
# milliseconds, while its sources are what they were at the last build.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

what="$1"
stamp="$ROOT/src/AutoBid.Cli/bin/autobid.stamp"

# Names and times of everything that decides what is built; a removed or renamed file changes it too.
fingerprint() {
  cd "$ROOT"
  { find . -maxdepth 1 -type f \( -name '*.props' -o -name '*.targets' -o -iname 'NuGet.config' -o -name .editorconfig \) -printf '%p %T@ %s\n'
    find src simulator eng -type d \( -name bin -o -name obj \) -prune -o -type f -not -name '*.sh' -printf '%p %T@ %s\n'
  } | LC_ALL=C sort | sha256sum
}

current() {
  [ "$what" = cli ] && [ -e "$ROOT/src/AutoBid.Cli/bin/Release/net10.0/autobid.dll" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ]
}

if [ "${2:-}" != --locked ]; then
  "$ROOT/eng/feed/select-feed.sh"
  current || under_lock "$ROOT/.packages/build.lock" "$ROOT/eng/build.sh" "$what" --locked
  exit
fi
! current || exit 0

require_dotnet
case "$what" in
  cli) target="$ROOT/src/AutoBid.Cli/AutoBid.Cli.csproj"; say "building (first start, or sources changed)" ;;
  all) target="$ROOT/AutoBid.sln"; say "building the solution" ;;
  *) die "build.sh cli|all" ;;
esac
before="$(fingerprint)"
log="$(mktemp)"; trap 'rm -f "$log"' EXIT
if ! dotnet build "$target" -c Release -v q --nologo >"$log" 2>&1; then
  grep -E '(error|warning) [A-Z]+[0-9]+' "$log" | sort -u | head -n 20 >&2 || tail -n 20 "$log" >&2
  die "the build failed"
fi
"$ROOT/eng/gpu/link-provider.sh"
echo "$before" >"$stamp"
