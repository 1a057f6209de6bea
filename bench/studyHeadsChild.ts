// One job of study-heads: trains heads on embeddings that lie in a folder, as a study does from its cache.
// usage: node studyHeadsChild.js FOLDER EPOCHS SEED... Prints one JSON line: the work in thousand million
// operations, and the processor's time that all of it took, which other work on the machine disturbs less than the clock.

import { headMethods } from '../src/classify/index.ts'
import { openNpy } from '../src/files/index.ts'

const [folder, epochs, ...seeds] = process.argv.slice(2)
const { mlp } = headMethods
const open = async (split: string) => {
  const x = await openNpy(`${folder}/${split}.npy`)
  return { x: { ...x, key: split }, y: Uint8Array.from({ length: x.shape[0] }, (_, row) => row % 2) }
}
const [train, val] = [await open('train'), await open('val')]

// Each pair of a weight's two sides costs a multiplication and an addition a row: forwards, for the weight's gradient, and
// for the input's, which the first layer has no use for. Val is gone through forwards after each epoch.
function countWork(columns: number, hidden: readonly number[]): number {
  const widths = [columns, ...hidden, 1]
  const pairs = widths.slice(1).map((width, i) => width * widths[i])
  const forwards = pairs.reduce((sum, count) => sum + count, 0)
  const trained = (3 * forwards - pairs[0]) * train.x.shape[0]
  return (2 * Number(epochs) * (trained + forwards * val.x.shape[0])) / 1e9
}

let gigaflops = 0
for (const seed of seeds) {
  const hooks = { threads: 1, checkpointPath: `${folder}/checkpoint-${seed}` }
  const head = await mlp.fit(train, val, { ...mlp.defaults, epochs: Number(epochs) }, Number(seed), hooks)
  await head.serialize()
  await head.close()
  gigaflops += countWork(train.x.shape[1], mlp.defaults.hidden)
}
await train.x.close()
await val.x.close()
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ gigaflops, cpuSeconds: (user + system) / 1e6 }))
