#!/usr/bin/env bash
# onnxruntime.sh WORK OUT: packs Microsoft.ML.OnnxRuntime.{Managed,Gpu.Linux,Gpu} from the official binaries and
# the official C# sources that npm packages carry. The CUDA provider itself (230 MB) is left to `setup --gpu`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

work="$1/onnxruntime" out="$2"
mkdir -p "$work/managed/sources" "$work/native"
cp "$ROOT"/eng/feed/packages/{Directory.*,Microsoft.ML.*} "$work/"

tarball="$("$ROOT/eng/feed/fetch.sh" com.github.asus4.onnxruntime "$work")"
tar xzf "$tarball" -C "$work/managed/sources" --strip-components=2 --wildcards --exclude='*/Training/*' 'package/Runtime/*.cs'
rm "$tarball"

tarball="$("$ROOT/eng/feed/fetch.sh" onnxruntime-node "$work")"
tar xzf "$tarball" -C "$work/native" --strip-components=5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
rm "$tarball"
# dotnet pack turns a PackagePath with a file name into a folder, so the file must already bear its final name.
mv "$work/native/libonnxruntime.so.1" "$work/native/libonnxruntime.so"

tarball="$("$ROOT/eng/feed/fetch.sh" com.github.asus4.onnxruntime.linux-x64-gpu "$work")"
tar xzf "$tarball" -C "$work/native" --strip-components=4 package/Plugins/Linux/x64/libonnxruntime_providers_shared.so
rm "$tarball"

for project in Managed Gpu.Linux Gpu; do
  dotnet pack "$work/Microsoft.ML.OnnxRuntime.$project.csproj" -c Release -o "$out" -v q --nologo >"$work/pack.log" 2>&1 \
    || die "cannot pack Microsoft.ML.OnnxRuntime.$project: $(grep -m1 'error' "$work/pack.log" || tail -n 1 "$work/pack.log")"
done
