// The child process of a device's trial: `node trialChild.js PROVIDER` computes relu(x w + b) of whole numbers, which
// every device has exactly, and prints what came of it.

import { describeCause, EngineError, f32 } from '../base/index.ts'
import { add, constant, emitModel, input, matmul, relu } from '../graph/index.ts'
import { openSession } from './node.ts'
import type { ProviderName } from './providers.ts'
import type { TrialReport } from './trial.ts'

const [rows, inner, columns] = [16, 32, 8]

async function runTrial(provider: ProviderName): Promise<Omit<TrialReport, 'placed'>> {
  const started = performance.now()
  const x = makeNumbers(rows * inner)
  const weight = makeNumbers(inner * columns)
  const bias = makeNumbers(columns)
  const port = input('x', [rows, inner])
  const product = matmul(port, constant(f32([inner, columns], weight)))
  const y = relu(add(product, constant(f32([columns], bias))))
  const session = await openSession(emitModel({ y }, { name: 'trial', inputs: [port] }), {
    provider,
    threads: 1,
    showPlacement: true,
  })
  const { y: result } = await session.run({ x: f32([rows, inner], x) })
  await session.close()
  const areRight = result.data.every((value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    let sum = bias[column]
    for (let k = 0; k < inner; k++) sum += x[row * inner + k] * weight[k * columns + column]
    return value === Math.max(0, sum)
  })
  return { areRight, milliseconds: Math.round(performance.now() - started) }
}

// -3 to 3, in no order.
function makeNumbers(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 5 + (i >> 3)) % 7) - 3)
}

const failure = (cause: unknown) => {
  const error = (cause instanceof EngineError && cause.parts.got) || describeCause(cause)
  return { areRight: false, milliseconds: 0, error }
}
const report = await runTrial(process.argv[2] as ProviderName).catch(failure)
process.stdout.write(`${JSON.stringify(report)}\n`)
