import { describe, expect, it } from 'vitest'
import { splitModelName } from '../../src/weights/index.ts'

describe('splitModelName', () => {
  it('parts a family from its path, which may hold colons', () => {
    expect(splitModelName('texture')).toEqual({ family: 'texture', path: '' })
    expect(splitModelName('onnx:C:/models/a.onnx')).toEqual({ family: 'onnx', path: 'C:/models/a.onnx' })
    expect(splitModelName('vit:')).toEqual({ family: 'vit', path: '' })
  })
})
