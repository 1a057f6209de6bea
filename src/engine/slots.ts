// A bound on how many do something at once.

/** At most `count` holders at once; the others wait in order. */
export interface Slots {
  take(): Promise<void>
  give(): void
}

/** Opens `count` slots, at least 1. */
export function openSlots(count: number): Slots {
  const waiting: (() => void)[] = []
  let free = count
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    give() {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
  }
}
