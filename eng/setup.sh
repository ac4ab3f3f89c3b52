#!/usr/bin/env bash
# ./autobid setup [--gpu] [--kafka]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

gpu=0 kafka=0
for option in "$@"; do
  case "$option" in
    --gpu) gpu=1 ;;
    --kafka) kafka=1 ;;
    -h | --help)
      echo "usage: ./autobid setup [--gpu] [--kafka]"
      echo "  --gpu    also the CUDA provider of ONNX Runtime (180 MB; needs CUDA 13 and cuDNN 9 to run)"
      echo "  --kafka  also what a real Kafka broker needs"
      exit ;;
    *) die "setup: unknown option $option" ;;
  esac
done

"$ROOT/eng/build.sh" cli
"$ROOT/eng/python.sh" >/dev/null || say "training and the tests under policies/ need PyTorch; the rest works without it"

[ $gpu = 0 ] || "$ROOT/eng/gpu/fetch-provider.sh"
if [ $kafka = 1 ]; then
  if [ -x "${AUTOBID_KAFKA_HOME:-}/run.sh" ]; then
    say "Kafka: the tests start their own brokers from AUTOBID_KAFKA_HOME=$AUTOBID_KAFKA_HOME"
  else
    say "Kafka: give serve and demo a broker with --kafka HOST:PORT. Tests use AUTOBID_TEST_KAFKA=HOST:PORT, or start their own from AUTOBID_KAFKA_HOME"
  fi
fi
say "ready"
