#!/usr/bin/env bash
# The key of the local feed: everything that decides what is in it.
cd "$(dirname "${BASH_SOURCE[0]}")" && cat fetch.sh librdkafka.sh onnxruntime.sh sources.sha512 packages/* | sha256sum | cut -c1-16
