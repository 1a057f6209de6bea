// Checkpoints: one safetensors file with everything a loop needs to go on as if it had never stopped.
// Randomness needs no place in it: every stream is opened by seed, epoch and step.

import { readFile, rm } from 'node:fs/promises'
import { DataError, describeCause } from '../base/index.ts'
import type { Arrays } from '../engine/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../formats/index.ts'
import type { EpochResult } from './epoch.ts'

/** A loop between two epochs. */
export interface Checkpoint {
  /** What is being trained, on what, with which options: a checkpoint of anything else is not resumed. */
  readonly key: string
  readonly history: readonly EpochResult[]
  /** Parameters and optimizer state. */
  readonly state: Arrays
  /** The weights of the best epoch so far. */
  readonly best: Arrays
}

/** Where to keep a checkpoint of each epoch. */
export interface CheckpointOptions {
  readonly path: string
  /** What must be the same for it to be resumed. */
  readonly key: string
  /** Whether it stays when training has ended. */
  readonly keep?: boolean
  /** Whether it is written while the next epoch is trained; memory then holds a copy of the state for longer. */
  readonly behind?: boolean
}

/** Writes the checkpoints of one training, one after the other. */
export interface CheckpointWriter {
  /** Writes a checkpoint whose arrays do not change any more. Throws what the one before failed with. */
  write(checkpoint: Omit<Checkpoint, 'key'>): Promise<void>
  /** After the last epoch: waits, and removes the checkpoint unless it is to stay. */
  finish(): Promise<void>
  /** Waits for what is being written, whatever becomes of it. */
  settle(): Promise<void>
}

/** Opens the checkpoints of a training. */
export function openCheckpoints({ path, key, keep, behind }: CheckpointOptions): CheckpointWriter {
  let last = Promise.resolve()
  const settle = () => last.catch(() => {})
  return {
    async write(checkpoint) {
      await last
      last = writeCheckpoint(path, { key, ...checkpoint })
      if (behind) void settle()
      else await last
    },
    async finish() {
      await last
      if (!keep) await rm(path, { force: true })
    },
    settle,
  }
}

// A kill leaves the old one or the new one.
async function writeCheckpoint(path: string, { key, history, state, best }: Checkpoint): Promise<void> {
  const prefixed = (prefix: string, arrays: Arrays) =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array]))
  const tensors = { ...prefixed('state', state), ...prefixed('best', best) }
  await writeFileAtomic(path, writeSafetensors(tensors, { key, history: JSON.stringify(history) }))
}

/** The checkpoint at `path`; undefined where there is none, or one with another key. Throws DataError where it is damaged. */
export async function readCheckpoint(path: string, key: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  if (!bytes) return undefined
  const { metadata } = readSafetensorsHeader(bytes, path)
  if (metadata.key !== key) return undefined
  const tensors = Object.entries(readSafetensors(bytes, path))
  const part = (prefix: string) =>
    Object.fromEntries(
      tensors.flatMap(([name, array]) =>
        name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), array] as const] : [],
      ),
    )
  return { key, history: JSON.parse(metadata.history), state: part('state'), best: part('best') }
}
