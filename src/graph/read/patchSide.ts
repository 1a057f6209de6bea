// The side of a vision transformer's patches, from its graph: that of the convolution that makes tokens of the image.

import type { OnnxModel } from '../../formats/onnx/index.ts'

/** The side in pixels; null where the first convolution does not take apart an RGB image into squares. */
export function findPatchSide(model: OnnxModel): number | null {
  const { node: nodes, initializer } = model.graph!
  const first = nodes.find(({ opType }) => opType === 'Conv')
  const weight = first && initializer.find(({ name }) => name === first.input[1])
  const strides = first?.attribute.find(({ name }) => name === 'strides')?.ints
  if (weight?.dims.length !== 4 || strides?.length !== 2) return null
  const [, channels, height, width] = weight.dims.map(Number)
  const isPatches = channels === 3 && height === width && strides.every((stride) => Number(stride) === height)
  return isPatches && height > 1 ? height : null
}
