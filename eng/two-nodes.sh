#!/usr/bin/env bash
# eng/two-nodes.sh [CAMPAIGNS]: two `serve` processes on one Kafka and one PostgreSQL of their own; kills one with SIGKILL and tells how long it takes until the
# other one owns and decides every campaign, and whether bids went on meanwhile. Needs AUTOBID_KAFKA_HOME, PostgreSQL 15 and root (PostgreSQL runs as `postgres`).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
campaigns=${1:-100}
[ -x "${AUTOBID_KAFKA_HOME:-}/run.sh" ] || die "two-nodes: AUTOBID_KAFKA_HOME does not name a Kafka installation"
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
export AUTOBID_HOME="$ROOT" KAFKA_HEAP_MB=256
folder=$(mktemp -d); chmod 755 "$folder"; mkdir -p "$folder"/{a,b,pg}; chown postgres "$folder/pg"
kafka=29392 postgres=29432
as_postgres() { runuser -u postgres -- "$@" >/dev/null; }
finish() {
  kill -9 $(jobs -p) 2>/dev/null || true
  "$AUTOBID_KAFKA_HOME/run.sh" kill "$folder/kafka" >/dev/null 2>&1 || true
  as_postgres "$bin/pg_ctl" -D "$folder/pg/data" -m immediate stop 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

"$AUTOBID_KAFKA_HOME/run.sh" start "$folder/kafka" $kafka >/dev/null
as_postgres "$bin/initdb" -D "$folder/pg/data" -U autobid -A trust
as_postgres "$bin/pg_ctl" -D "$folder/pg/data" -o "-p $postgres -c listen_addresses=127.0.0.1 -k $folder/pg" -l "$folder/pg/log" -w start
as_postgres "$bin/createdb" -h 127.0.0.1 -p $postgres -U autobid autobid

serve() {
  dotnet "$ROOT/src/AutoBid.Cli/bin/Release/net10.0/autobid.dll" serve --urls "http://127.0.0.1:$2" --data "$folder/$1" --kafka 127.0.0.1:$kafka \
    --postgres "Host=127.0.0.1;Port=$postgres;Username=autobid;Database=autobid" --node "$1" --tick 1s >"$folder/$1.log" 2>&1 &
}
until_ready() { for _ in $(seq 200); do curl -sf "http://127.0.0.1:$1/health/ready" >/dev/null && return; sleep 0.3; done; die "two-nodes: port $1 never got ready"; }
serve a 29501; a=$!; until_ready 29501
cp "$folder/a/notice.key" "$folder/b/"
serve b 29502; until_ready 29502

# One curl with many connections: a process for each request would be most of the time. METHOD URL BODY a line; prints the status codes.
ask() {
  while read -r method url body; do
    printf 'next\nrequest = %s\nurl = "%s"\nsilent\noutput = /dev/null\nwrite-out = "%%{http_code}\\n"\nmax-time = 30\n' "$method" "$url"
    [ -z "$body" ] || printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "${body//\"/\\\"}"
  done | sed 1d >"$1"
  curl --no-progress-meter --parallel --parallel-max 40 --config "$1" || true
}
making=$(date +%s%N)
for c in $(seq "$campaigns"); do
  echo "POST http://127.0.0.1:29501/v1/campaigns {\"id\":\"c$c\",\"objective\":\"TargetCpa\",\"target\":20,\"dailyBudget\":1000,\"policy\":\"mpc\"}"
done | ask "$folder/make" | sort | uniq -c | sed 's/^ *//; s/$/ (answers to new campaigns)/'
echo "campaigns made in $((($(date +%s%N) - making) / 1000000)) ms"
# The same forty campaigns are asked about each time: owned by the node, and bid on by it.
sample=$(seq 1 $(((campaigns + 39) / 40)) "$campaigns"); sampled=$(wc -w <<<"$sample")
owned() { for c in $sample; do echo "GET http://127.0.0.1:$1/v1/campaigns/c$c/trajectory"; done | ask "$folder/own" | grep -c 200 || true; }
bids() {
  for c in $sample; do
    echo "POST http://127.0.0.1:$1/openrtb2/bid {\"id\":\"r$RANDOM$RANDOM\",\"imp\":[{\"id\":\"1\",\"banner\":{\"w\":300,\"h\":250},\"ext\":{\"autobid\":{\"candidates\":[{\"campaign\":\"c$c\",\"value\":0.0007,\"crid\":\"x\",\"adomain\":[\"a.example\"],\"adm\":\"<a/>\"}]}}}]}"
  done | ask "$folder/bid" | grep -c 200 || true
}
for _ in $(seq 200); do [ "$(bids 29501)" = "$sampled" ] && [ "$(bids 29502)" = "$sampled" ] && break; sleep 1; done
echo "$campaigns campaigns; of $sampled asked about, a owns $(owned 29501) and b $(owned 29502); bids at a $(bids 29501), at b $(bids 29502)"

killed=$(date +%s%N); kill -9 "$a"; fewest=$sampled
while :; do
  bid=$(bids 29502); [ "$bid" -ge "$fewest" ] || fewest=$bid
  own=$(owned 29502); after=$((($(date +%s%N) - killed) / 1000000))
  echo "after $after ms: b owns $own of $sampled, bids on $bid"
  [ "$own" = "$sampled" ] && break
  [ $after -lt 60000 ] || die "two-nodes: not within a minute"
done
echo "taken over within $after ms of the kill; fewest campaigns that b bid on meanwhile: $fewest of $sampled"
