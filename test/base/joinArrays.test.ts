import { describe, expect, it } from 'vitest'
import { joinBytes, joinFloats } from '../../src/base/index.ts'

describe('joinBytes and joinFloats', () => {
  it('put arrays one behind the other', () => {
    expect(joinBytes([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)])).toEqual(
      Uint8Array.of(1, 2, 3),
    )
    expect(joinBytes([])).toEqual(new Uint8Array(0))
    expect(joinFloats([Float32Array.of(0.5), Float32Array.of(-1, 2)])).toEqual(Float32Array.of(0.5, -1, 2))
  })
})
