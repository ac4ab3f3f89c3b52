#!/usr/bin/env bash
# Everything behind the shipped GAVE and its tables, from nothing: policies/recipe.sh STAGE WORK
#   data       two exports (a field that explores, one that plays plainly), packed: WORK/all for the models, WORK/small for the ablations
#   models     student, teacher, gave+lwc, mlp+cf, each WORK/NAME/model.pt
#   rows       ablations on WORK/small, offline rows and searched baselines on WORK/all: WORK/{ablation-cf,ablation-offline,offline,baselines}
#   cbd        WORK/cbd (offline stage beside the offline ablations, then fine-tuned alone) and what its planning is worth: WORK/{ablation-cbd,planning,planning-offline}
#   market     WORK/market and WORK/market-aligned, side by side (market diffusion: no policy, but what a planner bids over)
#   everything the first three, models and rows beside each other where there are four GPUs
# Minutes of each run are variables, for machines of another speed. Needs AUTOBID (the command that runs the CLI; default ./autobid).
set -euo pipefail
cd "$(dirname "$0")/.."
stage=${1:?STAGE WORK} work=${2:?STAGE WORK}
autobid=${AUTOBID:-./autobid}
python=${PYTHON:-python3}
export PYTHONPATH=policies PYTHONUNBUFFERED=1
mkdir -p "$work"

data() {
  $autobid export-data --seed 7 --periods "${MIXED_PERIODS:-1600}" --lineup 80 --features 2 --out "$work/mixed"
  $autobid export-data --seed 8 --periods "${PLAIN_PERIODS:-600}" --lineup 40 --features 2 --perturbed 0 --prior "$work/mixed/prior.json" --out "$work/plain"
  pack=("$python" -m autobid_policies.common.pack --data "$work/mixed" "$work/plain" --plain --jobs "$(getconf _NPROCESSORS_ONLN)")
  "${pack[@]}" --held-out-periods 96 --out "$work/all" &
  "${pack[@]}" --held-out-periods 48 --keys-per-period 8 --out "$work/small" &
  wait
  rm -f "$work"/mixed/*.npz "$work"/plain/*.npz
}

# NAME MINUTES [GPU]
model() {
  mkdir -p "$work/$1"
  CUDA_VISIBLE_DEVICES=${3:-0} "$python" -m autobid_policies.train --config "policies/configs/$1.json" --data "$work/all" --out "$work/$1" \
    --finish-in "$2" > "$work/$1/log.txt" 2>&1 || echo "$1 failed: $(tail -1 "$work/$1/log.txt")"
}

student() { model gave "${GAVE_MINUTES:-7}" "$1"; model gave-lwc "${LWC_MINUTES:-4.5}" "$1"; model mlp-cf "${MLP_MINUTES:-4}" "$1"; }
teacher() { model gave-teacher "${TEACHER_MINUTES:-15.5}" "$1"; }

# NAME JOBS MINUTES DATA ABLATE-ARGUMENTS...
compared() {
  local name=$1 jobs=$2 minutes=$3 data=$4
  shift 4
  "$python" -m autobid_policies.ablate "$@" --data "$work/$data" --out "$work/$name" --jobs "$jobs" --minutes "$minutes" > "$work/$name.txt" 2>&1 || true
}

rows() {
  local c=policies/configs
  compared ablation-cf 6 "${ABLATION_MINUTES:-9}" small --configs $c/ablation/cf.json $c/ablation/cf-*.json &
  compared ablation-offline 4 "${ABLATION_MINUTES:-9}" small --configs $c/gave-offline.json $c/ablation/off-*.json &
  wait
  compared offline 4 "${BASELINE_MINUTES:-6.5}" all --configs $c/gave-offline.json $c/gave-paper.json $c/dt-offline.json $c/dt-return.json &
  compared baselines 6 "${BASELINE_MINUTES:-6.5}" all --grid $c/search/bc.json $c/search/cql.json $c/search/iql.json &
  wait
}

cbd() {
  local c=policies/configs
  compared ablation-cbd 7 "${CBD_ROW_MINUTES:-6}" small --configs $c/ablation/cbd-off.json $c/ablation/cbd-off-*.json &
  model cbd "${CBD_MINUTES:-13}" 0
  wait
  planning cbd planning
  planning ablation-cbd/cbd-off planning-offline
}

market() {
  model market "${MARKET_MINUTES:-4}" "${1:-0}" &
  model market-aligned "${MARKET_MINUTES:-4}" "${2:-0}" &
  wait
  grep -h "CRPS" "$work"/market/log.txt "$work"/market-aligned/log.txt | grep futures
}

# RUN NAME: what planning is worth in it
planning() { "$python" -m autobid_policies.cbd.diagnose --checkpoint "$work/$1/model.pt" --data "$work/small" --out "$work/$2" --keys 2304 > "$work/$2.txt" 2>&1 || true; }

case $stage in
  data) data ;;
  models) student 0; teacher 0 ;;
  rows) rows ;;
  cbd) cbd ;;
  market) market ;;
  everything)
    data
    student 0 & teacher 1 &
    # shellcheck disable=SC2163,SC2086 (several assignments in one variable)
    (export ${ROW_ENVIRONMENT:-CUDA_VISIBLE_DEVICES=2,3}; rows) &
    wait ;;
  *) echo "recipe: unknown stage $stage" >&2; exit 2 ;;
esac
