#!/usr/bin/env bash
# unpack.sh FROM TO: on the GPU machine, unpacks what make-archives.sh made and prints how to run it. Names no
# other script: FROM and this file are all that has to be carried there.
set -euo pipefail
from="$1" to="$2"
mkdir -p "$to"; to="$(cd "$to" && pwd)"
for name in dotnet app cuda; do cat "$from/$name".tar.xz.* | tar xJ --no-same-owner -C "$to"; done
cat >"$to/env.sh" <<ENV
export DOTNET_ROOT=$to/dotnet PATH=$to/dotnet:\$PATH
export LD_LIBRARY_PATH=/usr/local/cuda/lib64:$to/app/runtimes/linux-x64/native:\${LD_LIBRARY_PATH:-}
ENV
echo "source $to/env.sh; dotnet $to/app/autobid.dll --help"
