#!/usr/bin/env bash
# Peak memory and time of listening to the same sound for 10 minutes, 1 hour and 4 hours, as a table. Needs a release build.
#   scripts/measure_memory.sh [RECORDING] [SECONDS ...]
# Further options for the program: SCAN_OPTIONS="--threads 1"; another program: ATTUNE=path/of/attune.
set -euo pipefail
cd "$(dirname "$0")/.."
recording=$(realpath "${1:-fixtures/example/session.mp4}")
shift || true
[ $# -gt 0 ] || set -- 600 3600 14400
program=${ATTUNE:-target/release/attune}
[ -x "$program" ] || { echo "measure: build it first: cargo build --release" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '| length | peak memory | wall | CPU | times real time |\n|---|---|---|---|---|\n'
for secs in "$@"; do
  # Looped without encoding anew: quick, and the same packets again and again.
  ffmpeg -v error -nostdin -y -stream_loop -1 -i "$recording" -t "$secs" -vn -c copy "$work/long.mka"
  # shellcheck disable=SC2086 # options are several words
  python3 - "$secs" "$program" scan "$work/long.mka" --no-video --quiet --out "$work/out-$secs" ${SCAN_OPTIONS:-} <<'PYTHON'
import resource, subprocess, sys, time
secs, command = float(sys.argv[1]), sys.argv[2:]
began = time.monotonic()
code = subprocess.run(command).returncode
wall = time.monotonic() - began
if code not in (0, 3):
    sys.exit(f"measure: the scan ended with exit code {code}")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = used.ru_utime + used.ru_stime
print(f"| {secs / 60:.0f} min | {used.ru_maxrss / 1024:.0f} MB | {wall:.1f} s | {cpu:.1f} s | {secs / wall:.0f} |", flush=True)
PYTHON
done
