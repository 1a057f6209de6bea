import { describe, expect, it } from 'vitest'
import { imageNet, lumaBits, lumaOf, lumaWeights, rec601, ruifrokVectors } from '../../src/base/index.ts'

describe('lumaOf', () => {
  it('weighs red, green and blue as Pillow does', () => {
    expect([lumaOf(255, 0, 0), lumaOf(0, 255, 0), lumaOf(0, 0, 255)]).toEqual([76, 150, 29])
    expect([lumaOf(0, 0, 0), lumaOf(255, 255, 255)]).toEqual([0, 255])
  })

  it('has the shares of Rec. 601 in whole numbers', () => {
    expect(lumaWeights).toEqual(rec601.map((share) => Math.round(share * 2 ** lumaBits)))
    expect(lumaWeights.reduce((sum, weight) => sum + weight, 0)).toBe(2 ** lumaBits)
  })
})

describe('the constants of the literature', () => {
  it('are those that StainTools, tiatoolbox and torchvision print', () => {
    expect(ruifrokVectors).toEqual({
      hematoxylin: [0.65, 0.7, 0.29],
      eosin: [0.07, 0.99, 0.11],
      residual: [0.27, 0.57, 0.78],
    })
    expect(imageNet).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })
  })
})
