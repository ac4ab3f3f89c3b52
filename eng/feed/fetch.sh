#!/usr/bin/env bash
# fetch.sh NAME DIR: downloads the npm package NAME at the version pinned in sources.sha512 (no install script
# runs), checks it against the committed SHA-512 and prints the path of the tarball.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

name="$1" dir="$2"
read -r want spec < <(grep -F "  $name@" "$ROOT/eng/feed/sources.sha512") || die "no pinned version of $name in eng/feed/sources.sha512"

mkdir -p "$dir/npm"
cd "$dir/npm"
# npm's own cache would keep a second copy of every tarball.
for attempt in 1 2 3; do
  if file="$(npm pack "$spec" --loglevel error --ignore-scripts --cache "$dir/npm-cache-$$" 2>"$dir/npm-$$.log")"; then break; fi
  [ "$attempt" = 3 ] && die "cannot download $spec: $(grep -m1 -E 'npm (ERR!|error)' "$dir/npm-$$.log" || echo 'npm pack failed')"
  say "download of $spec failed, trying again"
done
rm -rf "$dir/npm-cache-$$" "$dir/npm-$$.log"

have="$(sha512sum "$file" | cut -d' ' -f1)"
[ "$have" = "$want" ] || { rm -f "$file"; die "$spec does not have the SHA-512 of eng/feed/sources.sha512 (got ${have:0:16}...)"; }
echo "$dir/npm/$file"
