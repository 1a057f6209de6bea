// The packings of TIFF that zlib does not know: LZW (codes of 9 to 12 bits, highest bit first, one code early) and
// PackBits. TIFF 6.0, sections 9 and 13.

const clear = 256
const end = 257

/** Unpacks LZW, to at most `length` bytes. Throws RangeError on a code that cannot be. */
export function unpackLzw(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  // Each entry is a run of bytes written before: where it begins in `out`, and how long it is.
  const starts = new Uint32Array(4097)
  const lengths = new Uint16Array(4097)
  let size = 258
  let width = 9
  let previous = -1
  let [buffer, held, at, done] = [0, 0, 0, 0]
  while (done < length) {
    while (held < width && at < packed.length) {
      buffer = ((buffer << 8) | packed[at++]) & 0xffffff
      held += 8
    }
    if (held < width) break
    held -= width
    const code = (buffer >>> held) & ((1 << width) - 1)
    if (code === end) break
    if (code === clear) {
      ;[size, width, previous] = [258, 9, -1]
      continue
    }
    if (code > size || (code === size && previous < 0) || size > 4096)
      throw new RangeError(`LZW code ${code}`)
    // A new entry: the run before and the byte that follows it, which is the one written next.
    if (previous >= 0) {
      starts[size] = done - (previous < 256 ? 1 : lengths[previous])
      lengths[size] = (previous < 256 ? 1 : lengths[previous]) + 1
      size++
    }
    if (code < 256) out[done++] = code
    else {
      const from = starts[code]
      for (let i = 0; i < lengths[code] && done < length; i++) out[done++] = out[from + i]
    }
    previous = code
    if (size + 1 >= 1 << width && width < 12) width++
  }
  return out.subarray(0, done)
}

/** Unpacks PackBits, to at most `length` bytes. */
export function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let done = 0
  for (let at = 0; at < packed.length && done < length; ) {
    const head = packed[at++]
    if (head < 128) {
      const run = packed.subarray(at, at + Math.min(head + 1, length - done))
      out.set(run, done)
      done += run.length
      at += head + 1
    } else if (head > 128) {
      const stop = Math.min(length, done + 257 - head)
      out.fill(packed[at++], done, stop)
      done = stop
    }
  }
  return out.subarray(0, done)
}
