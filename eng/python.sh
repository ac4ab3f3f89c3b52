#!/usr/bin/env bash
# The Python that trains and exports: prints its path, installing Debian's packages when some are missing. Named
# by full path because another python3 earlier on PATH would not see Debian's packages.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

python="${AUTOBID_PYTHON:-/usr/bin/python3}"
complete() { "$python" -c 'import sys
from importlib.util import find_spec
sys.exit(any(find_spec(m) is None for m in ("torch", "numpy", "onnx", "pytest")))' 2>/dev/null; }

complete || {
  [ -z "${AUTOBID_PYTHON:-}" ] && apt_install python3-torch python3-numpy python3-onnx python3-pytest && complete
} || { say "please install: python3-torch python3-numpy python3-onnx python3-pytest"; exit 1; }
echo "$python"
