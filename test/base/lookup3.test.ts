import { describe, expect, it } from 'vitest'
import { lookup3, lookup3Wide } from '../../src/base/index.ts'

describe('lookup3', () => {
  it('gives the values that its author states', () => {
    const text = new TextEncoder().encode('Four score and seven years ago')
    expect(lookup3(text)).toBe(0x17770551)
    expect(lookup3Wide(text)).toBe(0xce7226e617770551n)
    expect(lookup3Wide(new Uint8Array())).toBe(0xdeadbeefdeadbeefn)
  })

  it('sees every byte, wherever the bytes lie', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i)
    const seen = new Set([lookup3Wide(bytes)])
    for (let i = 0; i < bytes.length; i++) seen.add(lookup3Wide(bytes.with(i, 99)))
    for (let length = 0; length < bytes.length; length++) seen.add(lookup3Wide(bytes.subarray(0, length)))
    expect(seen.size).toBe(81)
    const shifted = new Uint8Array(41)
    shifted.set(bytes, 1)
    expect(lookup3Wide(shifted.subarray(1))).toBe(lookup3Wide(bytes))
  })
})
