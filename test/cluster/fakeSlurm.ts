// Slurm's programs as small shell scripts in a temporary folder, with a queue in a file: what Eosin calls and how it takes
// the answers, without a Slurm.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'

const programs = {
  // `refuse` holds the number of the call that is refused, `hang` of one that queues its job and never answers.
  sbatch: `
count=$(($(cat count 2>/dev/null || echo 0) + 1))
echo $count >count
[ "$(cat refuse 2>/dev/null)" = $count ] && {
  echo 'sbatch: error: invalid partition specified: nix' >&2
  echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2
  exit 1
}
array=N/A
for word in "$@"; do
  case $word in
  --job-name=*) name=\${word#*=} ;;
  --array=0-*) array=$(seq 0 "$(echo "\${word#--array=0-}" | sed 's/%.*//')") ;;
  esac
done
for index in $array; do echo "$count|$index|PENDING||Dependency|$name" >>queue; done
[ "$(cat hang 2>/dev/null)" = $count ] && exec sleep 60
echo $count`,
  squeue: `
[ -f down ] && { echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1; }
cat queue 2>/dev/null
true`,
  scancel: `
[ -f stubborn ] && exit 0
[ -f queue ] && sed -i "s/^\\($1|[^|]*\\)|[A-Z]*/\\1|CANCELLED/" queue
grep -q "^$1|" queue || { echo "scancel: error: Kill job error on job id $1: Invalid job id" >&2; exit 1; }`,
  scontrol: `
[ "$1" = show ] && echo 'MaxArraySize            = 1001'
true`,
  sinfo: `
echo main
echo gpu`,
}

/** A fake Slurm, on PATH and with an empty queue before each test. */
export interface FakeSlurm {
  readonly folder: string
  /** Every call since the test began, in its order: `scancel 2`. */
  calls(): string[]
  /** The queue as squeue prints it. */
  queue(): string[]
  /** Puts a file where the programs find it. */
  set(name: string, text: string): void
  /** Makes PATH a folder without any of them. */
  remove(): void
}

/** Makes one for the tests of a file. */
export function makeFakeSlurm(): FakeSlurm {
  const folder = mkdtempSync(join(tmpdir(), 'eosin-slurm-'))
  const path = process.env.PATH
  const bin = join(folder, 'bin')
  const state = join(folder, 'state')
  mkdirSync(bin)
  for (const [name, body] of Object.entries(programs)) {
    const log = `echo "${name} $*" >>calls`
    writeFileSync(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin\ncd '${state}'\n${log}\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  beforeEach(() => {
    rmSync(state, { recursive: true, force: true })
    mkdirSync(state)
    process.env.PATH = bin
  })
  afterAll(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true, force: true })
  })
  const lines = (name: string) =>
    existsSync(join(state, name))
      ? readFileSync(join(state, name), 'utf8').trimEnd().split('\n').filter(Boolean)
      : []
  return {
    folder,
    calls: () => lines('calls'),
    queue: () => lines('queue'),
    set: (name, text) => writeFileSync(join(state, name), text),
    remove: () => void (process.env.PATH = state),
  }
}
