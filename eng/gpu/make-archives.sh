#!/usr/bin/env bash
# make-archives.sh [OUT=.gpu] [PART=48M] [SM]: what a GPU machine without .NET and without a package feed needs, in
# files of at most PART: the .NET runtime, the published application, the CUDA provider. Carry them there and run
# eng/gpu/unpack.sh. With SM (90 for an H100) the provider goes with that architecture's code only: 38 MB, not 165.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

out="${1:-$ROOT/.gpu}" part="${2:-48M}" sm="${3:-}"
require_tools xz=xz-utils
"$ROOT/eng/build.sh" cli
"$ROOT/eng/gpu/fetch-provider.sh"
mkdir -p "$out"; out="$(cd "$out" && pwd)"
work="$(mktemp -d)"; trap 'rm -rf "$work"' EXIT

# archive NAME TAR-ARGUMENTS...
archive() { local name="$1"; shift; say "packing $name"; rm -f "$out/$name".tar.xz.*; tar c "$@" | xz -T0 | split -d -b "$part" - "$out/$name.tar.xz."; }

dotnet publish "$ROOT/src/AutoBid.Cli/AutoBid.Cli.csproj" -c Release --no-build -o "$work/app" -v q --nologo >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; die "cannot publish"; }
find "$work/app/runtimes" -mindepth 1 -maxdepth 1 ! -name 'linux*' ! -name unix -exec rm -r {} +
archive app -C "$work" --exclude=libonnxruntime_providers_cuda.so app

sdk="$(dirname "$(readlink -f "$(command -v dotnet)")")"
archive dotnet -C "$sdk" --transform 's,^,dotnet/,' dotnet host shared

# The provider is always the same: packed once per machine, it takes minutes.
provider="$CACHE/gpu/1.29.0"
packed="$provider/cuda$sm.tar.xz" from="$provider"
if [ ! -e "$packed" ]; then
  say "packing cuda"
  if [ -n "$sm" ]; then
    from="$work"
    /usr/bin/python3 "$ROOT/eng/gpu/thin-provider.py" "$provider/libonnxruntime_providers_cuda.so" "$work/libonnxruntime_providers_cuda.so" "$sm"
  fi
  tar c -C "$from" --transform 's,^,app/runtimes/linux-x64/native/,' libonnxruntime_providers_cuda.so | xz -T0 >"$packed.new"
  mv "$packed.new" "$packed"
fi
rm -f "$out"/cuda.tar.xz.*; split -d -b "$part" "$packed" "$out/cuda.tar.xz."
du -h "$out"/*.tar.xz.* >&2
