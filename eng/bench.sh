#!/usr/bin/env bash
# autobid bench [bid|tick|policy|inference|http|simulator|ingest|leases|memory|recovery] [--quick]: runs a benchmark and writes its table into benchmarks/results.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
what=${1:-}
[ $# -gt 0 ] && shift
results="$ROOT/benchmarks/results"

machine() {
  echo "- machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ //'), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), $(. /etc/os-release && echo "$PRETTY_NAME")"
  echo "- .NET $(dotnet --version | sed 's/^/SDK /'), commit $(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || echo none), $(date -u +%F)"
}

dotnet_bench() { # NAME TITLE FILTERS OPTIONS...
  local out filters
  out=$(mktemp -d)
  read -ra filters <<<"$3"
  dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- --filter "${filters[@]}" --exporters GitHub --artifacts "$out" "${@:4}"
  {
    echo "# $2"
    echo
    echo "Command: \`./autobid bench $1\`"
    echo
    machine
    for table in "$out"/results/*-github.md; do
      echo
      sed -n '/^|/p' "$table"
    done
  } >"$results/$1.md"
  rm -rf "$out"
  say "wrote benchmarks/results/$1.md"
}

mkdir -p "$results"
case "$what" in
  bid) dotnet_bench bid "Bid decision" '*BidDecision* *ContendedBid*' "$@" ;;
  tick) dotnet_bench tick "Control tick of 1,000 campaigns" '*Tick*' "$@" ;;
  policy)
    dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- policy --out "$results/policies.md" --models "$ROOT/policies/models" \
      --prior "$ROOT/policies/priors/auctionnet.json" --machine "$(machine)" "$@"
    ;;
  inference)
    dotnet "$ROOT/src/AutoBid.Cli/bin/Release/net10.0/autobid.dll" bench inference --out "$results/inference.md" --machine "$(machine)" "$@"
    ;;
  http) dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.LoadGenerator" -- --out "$results/http.md" --machine "$(machine)" "$@" ;;
  leases) dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- leases --out "$results/stranded.md" --machine "$(machine)" "$@" ;;
  simulator)
    dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- simulator --out "$results/simulator.md" \
      --prior "$ROOT/policies/priors/auctionnet.json" --machine "$(machine)" "$@"
    ;;
  ingest)
    # As the service runs (design.md section 4, state layout).
    DOTNET_gcServer=1 DOTNET_GCDynamicAdaptationMode=0 dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- ingest \
      --out "$results/ingest.md" --machine "$(machine)" "$@"
    ;;
  memory)
    DOTNET_gcServer=1 DOTNET_GCDynamicAdaptationMode=0 dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- memory \
      --out "$results/memory.md" --machine "$(machine)" "$@"
    ;;
  recovery)
    dotnet run -c Release --project "$ROOT/benchmarks/AutoBid.Benchmarks" -- recovery --out "$results/recovery.md" --machine "$(machine)" \
      --cli "$ROOT/src/AutoBid.Cli/bin/Release/net10.0/autobid.dll" "$@"
    ;;
  *) die "bench what? bid, tick, policy, inference, http, simulator, ingest, leases, memory or recovery" ;;
esac
