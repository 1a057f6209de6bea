// Typed arrays joined to one.

/** All bytes in order. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return joinInto(new Uint8Array(lengthOf(parts)), parts)
}

/** All numbers in order. */
export function joinFloats(parts: readonly Float32Array[]): Float32Array {
  return joinInto(new Float32Array(lengthOf(parts)), parts)
}

function lengthOf(parts: readonly { readonly length: number }[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function joinInto<Joined extends Uint8Array | Float32Array>(
  joined: Joined,
  parts: readonly Joined[],
): Joined {
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
