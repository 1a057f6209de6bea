// Bob Jenkins' lookup3 hash (hashlittle and hashlittle2, May 2006, public domain), from its description at
// burtleburtle.net/bob/c/lookup3.c: the checksum of HDF5's newer structures, and a name for content where no sha256 is.

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits))

/** The 32-bit hash of `bytes`. */
export function lookup3(bytes: Uint8Array): number {
  return mix(bytes)[0]
}

/**
 * The 64-bit hash of `bytes`, a short name for content. Among a million different contents two share a name with a
 * probability of 3e-8, unless somebody made them to.
 */
export function lookup3Wide(bytes: Uint8Array): bigint {
  const [c, b] = mix(bytes)
  return (BigInt(b) << 32n) | BigInt(c)
}

function mix(bytes: Uint8Array): [c: number, b: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let a = (0xdeadbeef + bytes.length) | 0
  let b = a
  let c = a
  let at = 0
  // The last piece, of 1 to 12 bytes, is mixed in another way.
  for (; bytes.length - at > 12; at += 12) {
    a = (a + view.getInt32(at, true)) | 0
    b = (b + view.getInt32(at + 4, true)) | 0
    c = (c + view.getInt32(at + 8, true)) | 0
    a = ((a - c) ^ rotate(c, 4)) | 0
    c = (c + b) | 0
    b = ((b - a) ^ rotate(a, 6)) | 0
    a = (a + c) | 0
    c = ((c - b) ^ rotate(b, 8)) | 0
    b = (b + a) | 0
    a = ((a - c) ^ rotate(c, 16)) | 0
    c = (c + b) | 0
    b = ((b - a) ^ rotate(a, 19)) | 0
    a = (a + c) | 0
    c = ((c - b) ^ rotate(b, 4)) | 0
    b = (b + a) | 0
  }
  if (at === bytes.length) return [c >>> 0, b >>> 0]
  const last = new DataView(new ArrayBuffer(12))
  for (let i = 0; at + i < bytes.length; i++) last.setUint8(i, bytes[at + i])
  a = (a + last.getInt32(0, true)) | 0
  b = (b + last.getInt32(4, true)) | 0
  c = (c + last.getInt32(8, true)) | 0
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  c = ((c ^ b) - rotate(b, 24)) | 0
  return [c >>> 0, b >>> 0]
}
