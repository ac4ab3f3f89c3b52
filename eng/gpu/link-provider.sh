#!/usr/bin/env bash
# ONNX Runtime looks for the CUDA provider in the folder of its own library. A link is enough (the file is 230 MB).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

provider="$CACHE/gpu/1.29.0/libonnxruntime_providers_cuda.so"
[ -e "$provider" ] || exit 0
find "$ROOT"/{src,simulator,tests,benchmarks} -path '*/bin/*' -name libonnxruntime.so -printf '%h\n' 2>/dev/null \
  | while read -r folder; do ln -sfn "$provider" "$folder/libonnxruntime_providers_cuda.so"; done
