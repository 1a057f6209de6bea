// What the first bytes of a PNG or JPEG picture say of it: its sides before anything is decoded.
// Sources: PNG (Third Edition), chunk IHDR; ITU-T T.81 (JPEG), markers and frame header.

/** What a picture's header states. */
export interface PictureHead {
  readonly kind: 'png' | 'jpeg'
  readonly width: number
  readonly height: number
  /** Bits of a sample. */
  readonly bits: number
  /** Samples of a pixel, as they are stored: 1 gray or palette, 2 gray and alpha, 3 RGB or YCbCr, 4 RGBA or CMYK. */
  readonly channels: number
}

// Samples of a pixel by PNG's colour type.
const pngChannels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** Reads the header from a picture's first bytes; null where they hold none: another format, or bytes cut too short. */
export function readPictureHead(bytes: Uint8Array): PictureHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length >= 26 && view.getUint32(0) === 0x89504e47 && view.getUint32(12) === 0x49484452) {
    const channels = pngChannels[bytes[25]]
    if (channels === undefined) return null
    return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20), bits: bytes[24], channels }
  }
  for (const { marker, start, end } of listJpegSegments(bytes)) {
    if (!isFrame(marker) || start + 6 > Math.min(end, bytes.length)) continue
    const [height, width] = [view.getUint16(start + 1), view.getUint16(start + 3)]
    return { kind: 'jpeg', width, height, bits: bytes[start], channels: bytes[start + 5] }
  }
  return null
}

/** A segment of a JPEG file: what follows its length, from byte `start` to `end` (not included). */
export interface JpegSegment {
  readonly marker: number
  readonly start: number
  readonly end: number
}

/** The segments before the first scan, as far as their beginnings lie in `bytes`; none where it is no JPEG. */
export function listJpegSegments(bytes: Uint8Array): JpegSegment[] {
  const segments: JpegSegment[] = []
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return segments
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) break
    const marker = bytes[at + 1]
    if (marker === 0xff) {
      at++ // a filling byte
      continue
    }
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3])
    segments.push({ marker, start: at + 4, end })
    if (marker === 0xda || end <= at + 3) break
    at = end
  }
  return segments
}

// SOF0 to SOF15, without the tables and reserved codes among them.
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
}
