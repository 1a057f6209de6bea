import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { parsePreprocessorConfig } from '../../src/embed/onnx/preprocessorConfig.ts'
import { imageTransforms } from '../../src/patches/index.ts'

const parse = (fields: object) => parsePreprocessorConfig(JSON.stringify(fields), 'preprocessor_config.json')
const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] }

describe('preprocessor_config.json', () => {
  it("states DINOv2's transform as published with the model", () => {
    const transform = parse({
      crop_size: { height: 224, width: 224 },
      do_center_crop: true,
      do_convert_rgb: true,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      ...imagenet,
      image_processor_type: 'BitImageProcessor',
      resample: 3,
      rescale_factor: 0.00392156862745098,
      size: { shortest_edge: 256 },
    })
    const { dinov2 } = imageTransforms
    expect({ ...transform, mean: null, std: null, crop: null }).toEqual({
      ...dinov2,
      mean: null,
      std: null,
      crop: null,
    })
    expect(transform.crop).toEqual({ height: 224, width: 224 })
    for (const c of [0, 1, 2]) {
      expect(transform.mean![c]).toBeCloseTo(dinov2.mean[c], 12)
      expect(transform.std![c]).toBeCloseTo(dinov2.std[c], 12)
    }
  })

  it('takes a bare number as both edges without a crop and as the shorter one before it', () => {
    expect(parse({ size: 224, ...imagenet }).resize).toEqual({ side: 224, edge: 'both' })
    expect(parse({ size: 224, do_center_crop: true, crop_size: 224, ...imagenet }).resize).toEqual({
      side: 224,
      edge: 'shorter',
    })
    expect(parse({ size: { height: 3, width: 4 }, ...imagenet }).resize).toEqual({ height: 3, width: 4 })
  })

  it('folds another rescale factor into mean and deviation', () => {
    const raw = parse({ do_resize: false, do_rescale: false, image_mean: [100, 0, 0], image_std: [50, 1, 1] })
    const normalise = (value: number) => (value / 255 - raw.mean![0]) / raw.std![0]
    expect(normalise(150)).toBeCloseTo(1, 9)
    expect(raw.resize).toBeNull()
  })

  it('leaves values in [0, 1] where nothing is normalised', () => {
    const { mean, std } = parse({ size: 8, do_normalize: false })
    expect(mean).toEqual([0, 0, 0])
    expect(std![0]).toBeCloseTo(1, 12)
  })

  it('names the field it cannot take', () => {
    expect(() => parsePreprocessorConfig('{', 'here')).toThrow(DataError)
    expect(() => parse([])).toThrow(/a JSON object/)
    expect(() => parse({ size: {}, ...imagenet })).toThrow(/size/)
    expect(() => parse({ size: 8, resample: 0, ...imagenet })).toThrow(/resample/)
    expect(() => parse({ size: 8, image_mean: [1], image_std: [1, 1, 1] })).toThrow(/image_mean/)
  })
})
