// A worker whose tasks say by their names what they do: `ok-1` is done, `fail-1` fails, `wait-1` waits for a file `go` in the
// study's folder. Each notes its beginning (machine, process, index of the engine), its end, and a SIGTERM.
//   node worker.mjs FOLDER lots LOTS_FILE     or     node worker.mjs FOLDER finish

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { readArrayIndex, readLot } from '../../dist/cluster/index.js'

const [folder, what, path] = process.argv.slice(2)
const marks = join(folder, 'marks')
mkdirSync(marks, { recursive: true })
let seen = 0
const mark = (name) => {
  const facts = {
    at: Date.now() + seen++ / 1000,
    node: process.env.SLURMD_NODENAME,
    process: process.pid,
    parent: process.ppid,
    restarts: Number(process.env.SLURM_RESTART_COUNT ?? 0),
  }
  writeFileSync(join(marks, name), JSON.stringify(facts))
}

if (what === 'finish') {
  mark('finish.done')
  process.exit(0)
}
for (const task of await readLot(path, readArrayIndex())) {
  mark(`${task}.begin`)
  process.once('SIGTERM', () => {
    mark(`${task}.term`)
    process.exit(143)
  })
  if (task.startsWith('fail')) process.exit(1)
  while (task.startsWith('wait') && !existsSync(join(folder, 'go'))) await setTimeout(50)
  mark(`${task}.done`)
}
