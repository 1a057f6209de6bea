// What is due of a study as waves: the tasks of one need nothing of each other, and all that they need is made by earlier
// waves. Tasks that use the device are in waves of their own, so that a device is asked for where it is used only.

import type { Wave } from '../cluster/index.ts'
import type { KeyedTask } from './openStudy.ts'

/** A task as waves are cut of it. */
export type WaveTask = Pick<KeyedTask, 'key' | 'stage' | 'needs' | 'after' | 'usesDevice'>

// A worker opens the study before it does anything, which takes seconds: so much work makes that worth it.
const lotSeconds = 120

/**
 * Waves of `tasks`, none of which stands before one that it needs; what is not among them is there. `secondsOf` says how long
 * one takes, where it is known: small ones share a lot.
 */
export function cutWaves(tasks: readonly WaveTask[], secondsOf: (key: string) => number | undefined): Wave[] {
  const depths = new Map<string, number>()
  for (const { key, needs, after = [] } of tasks) {
    const before = [...needs, ...after].map((other) => depths.get(other) ?? -1)
    depths.set(key, 1 + Math.max(-1, ...before))
  }
  const levels = Array.from({ length: 1 + Math.max(-1, ...depths.values()) }, (_, depth) => depth)
  return levels.flatMap((depth) => {
    const level = tasks.filter(({ key }) => depths.get(key) === depth)
    return [false, true].flatMap((usesDevice): Wave[] => {
      const own = level.filter((task) => (task.usesDevice ?? false) === usesDevice)
      if (own.length === 0) return []
      const name = [...new Set(own.map(({ stage }) => stage))].join('-')
      return [{ name, usesDevice, lots: packLots(own, secondsOf) }]
    })
  })
}

// Neighbours together, until a lot takes long enough; what nothing is known of has a lot of its own.
function packLots(
  tasks: readonly WaveTask[],
  secondsOf: (key: string) => number | undefined,
): readonly (readonly string[])[] {
  const lots: string[][] = []
  let room = 0
  for (const { key } of tasks) {
    const seconds = secondsOf(key) ?? Number.POSITIVE_INFINITY
    if (seconds <= room) lots.at(-1)!.push(key)
    else lots.push([key])
    room = seconds <= room ? room - seconds : lotSeconds - seconds
  }
  return lots
}
