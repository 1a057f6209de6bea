// Whether a checkpoint fits a model: names and shapes, then values. Every tensor that does not fit is named.

import { type Progress, silent, WeightsError } from '../base/index.ts'
import type { Checkpoint } from './checkpointFile.ts'

/** Shapes by tensor name, as a model expects them. */
export type Shapes = Readonly<Record<string, readonly number[]>>

/** What does not fit. All lists empty: the checkpoint fits. */
export interface WeightsFindings {
  /** Tensors the model needs and the checkpoint lacks. */
  readonly missing: readonly string[]
  /** Tensors the checkpoint has and the model does not know. */
  readonly extra: readonly string[]
  readonly misshaped: readonly {
    readonly name: string
    readonly expected: readonly number[]
    readonly got: readonly number[]
  }[]
  /** Tensors the model needs that only Python could make, and the name by which it would. */
  readonly refused: readonly { readonly name: string; readonly maker: string }[]
}

/** Compares names and shapes; `ignored` says which extra tensors do not count (another tower, a training head). */
export function checkWeights(
  checkpoint: Pick<Checkpoint, 'tensors' | 'refused'>,
  expected: Shapes,
  ignored: (name: string) => boolean = () => false,
): WeightsFindings {
  const { tensors, refused } = checkpoint
  const names = Object.keys(expected)
  return {
    missing: names.filter((name) => !tensors.has(name) && !refused.has(name)),
    extra: [...tensors.keys()].filter((name) => !Object.hasOwn(expected, name) && !ignored(name)),
    misshaped: names.flatMap((name) => {
      const got = tensors.get(name)?.shape
      const fits =
        !got || (got.length === expected[name].length && got.every((side, i) => side === expected[name][i]))
      return fits ? [] : [{ name, expected: expected[name], got: got! }]
    }),
    refused: names.flatMap((name) => (refused.has(name) ? [{ name, maker: refused.get(name)! }] : [])),
  }
}

/** How many tensors do not fit. */
export function countFindings({ extra, ...findings }: WeightsFindings): number {
  return countProblems(findings) + extra.length
}

/** How many tensors that the model needs are missing, mis-shaped or made by Python only. */
export function countProblems({ missing, misshaped, refused }: Omit<WeightsFindings, 'extra'>): number {
  return missing.length + misshaped.length + refused.length
}

/** One line a tensor that does not fit, e.g. `missing pos_embed`. */
export function describeFindings({ missing, extra, misshaped, refused }: WeightsFindings): string[] {
  return [
    ...missing.map((name) => `missing ${name}`),
    ...misshaped.map(({ name, expected, got }) => `mis-shaped ${name}: expected [${expected}], got [${got}]`),
    ...refused.map(
      ({ name, maker }) => `refused ${name}, which Python would make by '${maker}'; nothing was run`,
    ),
    ...extra.map((name) => `extra ${name}`),
  ]
}

/** Throws WeightsError, naming every tensor, where a checkpoint does not fit; extra tensors alone are no error. */
export function assertWeights(where: string, model: string, findings: WeightsFindings): void {
  if (countProblems(findings) === 0) return
  const { missing, misshaped, refused, extra } = findings
  const found = [
    `${missing.length} missing`,
    `${misshaped.length} mis-shaped`,
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    `${extra.length} extra`,
  ]
  throw new WeightsError({
    where,
    expected: `the tensors of ${model}`,
    got: found.join(', '),
    hint: `is it a checkpoint of another model? ${describeFindings(findings).join('; ')}`,
  })
}

/** The names of the tensors that hold a value that is NaN or infinite. Reads every tensor once, one at a time. */
export async function findNonFinite(checkpoint: Checkpoint, progress: Progress = silent): Promise<string[]> {
  const names = [...checkpoint.tensors.keys()]
  const found: string[] = []
  for (const [i, name] of names.entries()) {
    const { data } = await checkpoint.read(name)
    // A sum of magnitudes times zero is 0 unless a value is NaN or infinite.
    let sum = 0
    for (let j = 0; j < data.length; j++) sum += data[j] * 0
    if (sum !== 0) found.push(name)
    progress(i + 1, names.length, name)
  }
  return found
}
