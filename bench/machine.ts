// The machine that figures are measured on, as far as figures depend on it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'

/** What stands beside every figure. */
export interface Machine {
  /** The processor's name, as the system tells it; many virtual machines tell the maker only. */
  readonly processor: string
  readonly cores: number
  /** Instruction sets that matter to products of matrices; null where the system does not tell them. */
  readonly features: readonly string[] | null
  readonly node: string
  readonly onnxruntime: string
}

const known = ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'asimd']

/** This machine. */
export function describeMachine(): Machine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json')
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    features: readFeatures(),
    node: process.versions.node,
    onnxruntime: version,
  }
}

function readFeatures(): string[] | null {
  try {
    return parseFeatures(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return null // not Linux
  }
}

/** The features that matter of the first processor in a text like /proc/cpuinfo; null where it lists none at all. */
export function parseFeatures(cpuinfo: string): string[] | null {
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1].trim().split(/\s+/)
  return flags ? known.filter((name) => flags.includes(name)) : null
}

/** Whether figures of both may be compared: as many cores, and the same features, or, where neither tells any, the same processor. */
export function isAlike(
  a: Pick<Machine, 'processor' | 'cores' | 'features'>,
  b: Pick<Machine, 'processor' | 'cores' | 'features'>,
): boolean {
  if (a.cores !== b.cores) return false
  if (!a.features && !b.features) return a.processor === b.processor
  if (!a.features || !b.features) return false
  return a.features.toSorted().join() === b.features.toSorted().join()
}
