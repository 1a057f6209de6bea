// LZF, the light compression that h5py calls `lzf`: runs of literals and copies of what came before.
// Format: LibLZF by Marc Lehmann, as its header describes the stream.

/** What an LZF stream is at most blown up to: three bytes become a copy of 264. */
export const lzfRatio = 88

/** Unpacks `packed` to exactly `length` bytes; undefined where it is damaged. */
export function unpackLzf(packed: Uint8Array, length: number): Buffer | undefined {
  const out = Buffer.from(new ArrayBuffer(length))
  let from = 0
  let to = 0
  while (from < packed.length) {
    const control = packed[from++]
    if (control < 32) {
      const count = control + 1
      if (from + count > packed.length || to + count > length) return undefined
      out.set(packed.subarray(from, from + count), to)
      from += count
      to += count
      continue
    }
    let count = (control >> 5) + 2
    if (count === 9) count += packed[from++]
    const start = to - (((control & 31) << 8) | packed[from++]) - 1
    if (!(start >= 0 && to + count <= length) || from > packed.length) return undefined
    // Byte by byte: a copy may overlap what it makes.
    for (let i = 0; i < count; i++) out[to++] = out[start + i]
  }
  return to === length ? out : undefined
}
