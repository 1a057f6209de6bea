import { describe, expect, it } from 'vitest'
import { unpackLzf } from '../../src/files/lzf.ts'

describe('unpackLzf', () => {
  it('copies literals, and what came before, byte by byte', () => {
    // 'abc' as it stands, then 3 bytes from 3 before, then 9 + 2 bytes from 1 before.
    const packed = Uint8Array.of(2, 97, 98, 99, 0x20, 2, 0xe0, 2, 0)
    expect(unpackLzf(packed, 17)?.toString()).toBe('abcabcccccccccccc')
  })

  it('refuses what ends early, reaches before its start or has another length', () => {
    expect(unpackLzf(Uint8Array.of(2, 97, 98), 3)).toBeUndefined()
    expect(unpackLzf(Uint8Array.of(0, 97, 0x20, 5), 4)).toBeUndefined()
    expect(unpackLzf(Uint8Array.of(0, 97, 0xe0), 10)).toBeUndefined()
    expect(unpackLzf(Uint8Array.of(0, 97, 0x20), 4)).toBeUndefined()
    expect(unpackLzf(Uint8Array.of(2, 97, 98, 99), 2)).toBeUndefined()
    expect(unpackLzf(Uint8Array.of(2, 97, 98, 99), 4)).toBeUndefined()
  })
})
