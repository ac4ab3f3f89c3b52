#!/usr/bin/env bash
# Builds the local folder feed once per machine and prints its path. The folder's name is a hash of the scripts
# that build it; it appears by rename, so it is there whole or not at all.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

feed="$CACHE/feed/$("$ROOT/eng/feed/hash.sh")"
if [ "${1:-}" != --locked ]; then
  [ -d "$feed" ] || under_lock "$CACHE/feed/lock" "$ROOT/eng/feed/build-feed.sh" --locked >&2
  echo "$feed"
  exit
fi
[ ! -d "$feed" ] || exit 0

[ "$(uname -sm)" = "Linux x86_64" ] || die "the configured package source lacks Microsoft.ML.OnnxRuntime.Gpu or librdkafka.redist, and the local feed is for Linux x64 only"
require_dotnet
require_tools gcc=gcc make=make strip=binutils npm=npm xz=xz-utils
# With these librdkafka speaks TLS, gzip and zstd; without them it still builds.
[ -e /usr/include/openssl/ssl.h ] && [ -e /usr/include/zlib.h ] && [ -e /usr/include/zstd.h ] \
  || apt_install libc6-dev libssl-dev zlib1g-dev libzstd-dev \
  || say "librdkafka is built without TLS, gzip or zstd (needs libssl-dev zlib1g-dev libzstd-dev)"

say "building the local package feed (once per machine, about three minutes)"
rm -rf "$CACHE"/feed/.work.*   # of a build that was killed; the lock is ours
work="$(mktemp -d "$CACHE/feed/.work.XXXXXX")"
mkdir "$work/feed"
# A process group of its own (set -m), so that a failure here ends the compiler too, before its folder goes.
set -m
"$ROOT/eng/feed/librdkafka.sh" "$work" "$work/feed" & compile=$!
set +m
trap 'kill -- "-$compile" 2>/dev/null || true; wait "$compile" 2>/dev/null || true; rm -rf "$work"' EXIT
"$ROOT/eng/feed/onnxruntime.sh" "$work" "$work/feed" && wait "$compile" \
  || die "the local package feed could not be built; nothing was kept"
mv "$work/feed" "$feed"
say "local package feed ready: $feed"
