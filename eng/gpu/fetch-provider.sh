#!/usr/bin/env bash
# Fetches ONNX Runtime's CUDA provider into the cache and puts it beside the native library of every build here.
# Nothing to do where the official package is used: it brings the provider itself.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

provider="$CACHE/gpu/1.29.0/libonnxruntime_providers_cuda.so"
if [ "${1:-}" != --locked ]; then
  "$ROOT/eng/feed/select-feed.sh"
  if grep -q '^official' "$ROOT/.packages/setup"; then say "the CUDA provider comes with the package"; exit; fi
  [ -e "$provider" ] || under_lock "$CACHE/gpu/lock" "$ROOT/eng/gpu/fetch-provider.sh" --locked
  "$ROOT/eng/gpu/link-provider.sh"
  command -v nvidia-smi >/dev/null || say "no NVIDIA driver here: --device cuda will not find a GPU"
  exit
fi
[ ! -e "$provider" ] || exit 0

require_tools npm=npm
say "fetching the CUDA provider (180 MB)"
work="$(mktemp -d "$CACHE/gpu/.work.XXXXXX")"; trap 'rm -rf "$work"' EXIT
tarball="$("$ROOT/eng/feed/fetch.sh" com.github.asus4.onnxruntime.linux-x64-gpu "$work")"
mkdir "$work/1.29.0"
tar xzf "$tarball" -C "$work/1.29.0" --strip-components=4 package/Plugins/Linux/x64/libonnxruntime_providers_cuda.so
mv "$work/1.29.0" "$CACHE/gpu/"
