import { describe, expect, it } from 'vitest'
import { UnknownNameError, UsageError } from '../../src/base/index.ts'
import { openExtractor } from '../../src/embed/index.ts'

describe('opening an extractor', () => {
  it('suggests the nearest name for an unknown one', async () => {
    await expect(openExtractor('textur')).rejects.toThrow(UnknownNameError)
    await expect(openExtractor('textur')).rejects.toThrow(/did you mean 'texture'/)
  })

  it('refuses an option that the extractor does not have', async () => {
    await expect(openExtractor({ name: 'texture', radii: [1] })).rejects.toThrow(UnknownNameError)
  })

  it('refuses a path where none is taken', async () => {
    await expect(openExtractor('texture:model.onnx')).rejects.toThrow(UsageError)
  })
})
