#!/usr/bin/env bash
# A study scanned by Slurm on this machine alone, with one worker killed in the middle: nothing is lost, nothing is done twice.
# Needs Debian's slurm-wlm and munge, and root; starts its daemons on the loopback interface and ends them again.
# Usage: tests/tools/slurm_local.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/../.."
attune=$(realpath "${1:-target/debug/attune}")
work=$(mktemp -d)
started=()
finish() { for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; sleep 1; rm -rf "$work"; }
trap finish EXIT
chmod 755 "$work"

name=$(hostname -s)
mkdir -p "$work"/{state,spool,munge,run}
chmod 700 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=1 count=1024 status=none
chmod 400 "$work/munge/key"
socket=$work/run/munge.socket
cat >"$work/slurm.conf" <<CONF
ClusterName=here
SlurmctldHost=$name(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/run/slurmctld.pid
SlurmdPidFile=$work/run/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=$name NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=$name Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
munged --foreground --force --key-file="$work/munge/key" --socket="$socket" --pid-file="$work/run/munged.pid" \
  --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/daemons.log" 2>&1 & started+=($!)
sleep 1
slurmctld -D -f "$SLURM_CONF" >>"$work/daemons.log" 2>&1 & started+=($!)
slurmd -D -f "$SLURM_CONF" >>"$work/daemons.log" 2>&1 & started+=($!)
for _ in $(seq 30); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo -h -o 'slurm: node %N is %T'

study=$work/study
"$attune" study new "$study" --seed 1 --language en >/dev/null
echo "media,transcript" >"$work/list.csv"
for n in 1 2 3 4 5 6; do
  ffmpeg -v error -f lavfi -i "sine=frequency=$((200 + n * 40)):duration=$((20 + n))" -ar 16000 -ac 1 "$work/sound$n.wav"
  printf 'WEBVTT\n\n00:00.000 --> 00:02.000\n<v Therapist>How was week %s?\n\n00:02.500 --> 00:03.500\n<v Client>Fine.\n' "$n" >"$work/talk$n.vtt"
  echo "sound$n.wav,talk$n.vtt" >>"$work/list.csv"
done
"$attune" study add "$study" --list "$work/list.csv" | tail -1
"$attune" study jobs "$study" --slurm --threads 1 --memory-mb 600 -o "$work/jobs.sh"

job=$(sbatch --parsable "$work/jobs.sh")
echo "submitted as $job"
# The worker of one session is killed as soon as it is at work.
victim=
for _ in $(seq 400); do
  victim=$(pgrep -f "^$attune scan $study --child --session S002" | head -1 || true)
  [ -n "$victim" ] && break
  sleep 0.02
done
parent=$(ps -o ppid= -p "$victim" | tr -d ' ')
kill -9 "$victim" "$parent"
echo "killed the worker of S002"
while squeue -h -j "$job" 2>/dev/null | grep -q .; do sleep 0.5; done
"$attune" study status "$study"
done_before=$("$attune" study status "$study" --json | grep -c '"state": "done"' || true)
[ "$done_before" -lt 6 ] || { echo "the killed session counts as done"; exit 1; }
stat -c '%n %Y' "$study"/sessions/*/results/session.json | sort >"$work/before"

"$attune" study jobs "$study" --slurm --threads 1 --memory-mb 600 -o "$work/jobs.sh"
job=$(sbatch --parsable "$work/jobs.sh")
while squeue -h -j "$job" 2>/dev/null | grep -q .; do sleep 0.5; done
"$attune" study status "$study" | head -1
"$attune" study status "$study" --json | grep -c '"state": "done"' | grep -qx 6 || { echo "a session was lost"; exit 1; }
while read -r file time; do
  [ "$(stat -c %Y "$file")" = "$time" ] || { echo "done twice: $file"; exit 1; }
done <"$work/before"
echo "6 sessions done, $done_before of them before the second submission and not again"
