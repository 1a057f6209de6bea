// Runs of a network one after the other: each uses all cores by itself and holds its activations in memory.

/** Gives a function that begins each piece of work once the one before has ended, well or not. */
export function openQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
}
