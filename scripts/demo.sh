#!/usr/bin/env bash
# Sets everything up and scans the bundled example.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
cargo build --release --locked
./target/release/attune scan fixtures/example/session.mp4 --transcript fixtures/example/session.vtt \
  --client face1 --out "${1:-example-results}"
