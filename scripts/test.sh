#!/usr/bin/env bash
# Sets everything up and runs every check: format, lints, all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh tests
for part in rustfmt clippy; do
  cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$part"
done
cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
# The program without films and sound devices; looked at only, not built.
cargo clippy --locked --no-default-features --all-targets -- -D warnings
cargo test --locked --workspace
