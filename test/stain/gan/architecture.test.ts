import { describe, expect, it } from 'vitest'
import { drawArchitecture } from '../../../src/stain/gan/index.ts'
import { stainMethods } from '../../../src/stain/index.ts'

const { defaults } = stainMethods.cyclegan
const withGenerator = (generator: Partial<typeof defaults.generator>) =>
  drawArchitecture({ ...defaults, generator: { ...defaults.generator, ...generator } }, 64)

describe("a learned stain's architecture", () => {
  it('lists the convolutions of a residual generator with what each is added to', () => {
    const { generator, discriminator } = withGenerator({ width: 4, blocks: 2 })
    expect(generator.map(({ outputs }) => outputs)).toEqual([4, 8, 16, 16, 16, 16, 16, 8, 4, 3])
    expect(generator.map(({ side }) => side)).toEqual([64, 32, 16, 16, 16, 16, 16, 32, 64, 64])
    expect(generator.map(({ joins }) => joins)).toEqual([
      ...[null, null, null],
      null,
      2,
      null,
      4,
      ...[null, null, null],
    ])
    expect(generator.map(({ kind }) => kind === 'transposed').lastIndexOf(true)).toBe(8)
    expect(discriminator.map(({ inputs }) => inputs)).toEqual([3, 64, 128, 256, 512])
    expect(discriminator.every(({ joins }) => joins === null)).toBe(true)
  })

  it('joins the levels of a U-Net to their mirror images', () => {
    const { generator } = withGenerator({ form: 'unet', width: 4, downs: 3 })
    expect(generator.map(({ joins }) => joins)).toEqual([null, null, null, 1, 0, null])
  })
})
