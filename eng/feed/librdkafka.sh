#!/usr/bin/env bash
# librdkafka.sh WORK OUT: compiles librdkafka (about two minutes on two cores) and packs librdkafka.redist.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

work="$1/librdkafka" out="$2"
mkdir -p "$work/src" "$work/native"
cp "$ROOT"/eng/feed/packages/{Directory.*,librdkafka.*} "$work/"

tarball="$("$ROOT/eng/feed/fetch.sh" @confluentinc/kafka-javascript "$work")"
tar xzf "$tarball" -C "$work/src" --strip-components=3 package/deps/librdkafka

cd "$work/src"
{ ./configure --disable-sasl --disable-gssapi && make -j"$(nproc)" -C src librdkafka.so.1; } >"$work/make.log" 2>&1 </dev/null \
  || { tail -n 5 "$work/make.log" >&2; die "librdkafka does not compile"; }
strip -o "$work/native/librdkafka.so" src/librdkafka.so.1

dotnet pack "$work/librdkafka.redist.csproj" -c Release -o "$out" -v q --nologo >"$work/pack.log" 2>&1 \
  || die "cannot pack librdkafka.redist: $(grep -m1 'error' "$work/pack.log" || tail -n 1 "$work/pack.log")"
