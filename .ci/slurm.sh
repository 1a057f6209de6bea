#!/usr/bin/env bash
# Runs a command beside a Slurm of its own: a controller and two emulated nodes (n1, n2: two processors each) on loopback,
# in a temporary folder. What was started is stopped at the end, and nothing else.
#   .ci/slurm.sh -- npx vitest run --config vitest.slurm.config.ts
# The command finds SLURM_CONF, and SLURM_TRIAL: the folder with the logs (log/) and the daemons' process numbers (*.pid).
set -uo pipefail
[ "${1:-}" = '--' ] && shift
[ $# -gt 0 ] || { echo 'usage: .ci/slurm.sh -- COMMAND...' >&2; exit 2; }

install_debian() {
  local missing=() sudo=''
  for package in slurm-wlm munge; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" -eq 0 ] || sudo='sudo'
  $sudo apt-get update -qq >/dev/null &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
install_debian || { echo 'slurm.sh: slurm-wlm and munge could not be installed' >&2; exit 1; }
export PATH=$PATH:/usr/sbin:/sbin

trial=$(mktemp -d /tmp/eosin-slurm.XXXXXX)
chmod 755 "$trial"
mkdir "$trial/log" "$trial/state"
export SLURM_TRIAL=$trial SLURM_CONF=$trial/slurm.conf

# daemon NAME COMMAND...: started in the foreground of its own process, whose number is noted.
daemon() {
  local name=$1
  shift
  "$@" >"$trial/log/$name.out" 2>&1 &
  echo $! >"$trial/$name.pid"
}

# Jobs first, so that no step of theirs outlives the daemons.
stop() {
  trap - EXIT
  scancel --user="$(id -u)" 2>/dev/null
  for _ in $(seq 60); do
    [ -z "$(squeue --noheader 2>/dev/null)" ] && break
    sleep .25
  done
  for pid in $(jobs -pr); do kill "$pid" 2>/dev/null; done # those that still run; the number of one that died may be another's by now
  for _ in $(seq 40); do
    [ -z "$(jobs -pr)" ] && break
    sleep .25
  done
  for pid in $(jobs -pr); do kill -9 "$pid" 2>/dev/null; done
  wait 2>/dev/null
  if [ -n "${KEEP_SLURM:-}" ]; then echo "slurm.sh: kept $trial" >&2; else rm -rf "$trial"; fi
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# until_true SECONDS COMMAND...
until_true() {
  local rounds=$(($1 * 4))
  shift
  for _ in $(seq "$rounds"); do
    "$@" >/dev/null 2>&1 && return 0
    sleep .25
  done
  echo "slurm.sh: waited in vain for: $*" >&2
  tail -n 5 "$trial"/log/* >&2
  return 1
}

dd if=/dev/urandom of="$trial/munge.key" bs=128 count=1 2>/dev/null
chmod 400 "$trial/munge.key"
socket=$trial/munge.socket
daemon munged munged --foreground --socket="$socket" --key-file="$trial/munge.key" --pid-file="$trial/munged.own" \
  --log-file="$trial/log/munged" --seed-file="$trial/munge.seed"
talks() { munge --socket="$socket" --no-input | unmunge --socket="$socket"; }
until_true 10 talks || exit 1

read -r -a ports < <(node -e "
const { createServer } = require('node:net')
const servers = [1, 2, 3].map(() => createServer().listen(0, '127.0.0.1'))
setTimeout(() => { console.log(servers.map((s) => s.address().port).join(' ')); servers.forEach((s) => s.close()) }, 100)
")
host=$(hostname -s)
cat >"$SLURM_CONF" <<CONF
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$socket
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=$trial/slurmctld.own
SlurmdPidFile=$trial/slurmd-%n.own
SlurmctldPort=${ports[0]}
StateSaveLocation=$trial/state
SlurmdSpoolDir=$trial/spool-%n
SlurmctldLogFile=$trial/log/slurmctld
SlurmdLogFile=$trial/log/slurmd-%n
SlurmdTimeout=60
MessageTimeout=30
KillWait=5
SchedulerParameters=sched_interval=5,bf_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MaxArraySize=${SLURM_MAX_ARRAY:-16}
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=2 RealMemory=8000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[2]} CPUs=2 RealMemory=8000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
daemon slurmctld slurmctld -D -f "$SLURM_CONF"
daemon slurmd-n1 slurmd -D -N n1 -f "$SLURM_CONF"
daemon slurmd-n2 slurmd -D -N n2 -f "$SLURM_CONF"
both_idle() { [ "$(sinfo -h -t idle -o %D)" = 2 ]; }
until_true 30 both_idle || exit 1

"$@"
code=$?
if [ $code -ne 0 ]; then
  echo "slurm.sh: ended with $code; the controller's last words:" >&2
  tail -n 40 "$trial/log/slurmctld" >&2
fi
exit $code
