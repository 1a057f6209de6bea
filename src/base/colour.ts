// Facts about colour that several rooms share: luma, the stain vectors of the literature, ImageNet's pixels.

/** Rec. 601: the shares of red, green and blue in luma. */
export const rec601 = [0.299, 0.587, 0.114] as const

/** The same in whole numbers of 2 ** -16, as Pillow's convert('L') has them. */
export const lumaWeights = [19595, 38470, 7471] as const
/** How far such a sum is shifted to the right. */
export const lumaBits = 16
/** What is added before that shift, so that it rounds. */
export const lumaHalf = 0x8000

const [redWeight, greenWeight, blueWeight] = lumaWeights

/** The luma (0 to 255) of one pixel, bit for bit as Pillow's convert('L') computes it. */
export function lumaOf(red: number, green: number, blue: number): number {
  return (redWeight * red + greenWeight * green + blueWeight * blue + lumaHalf) >> lumaBits
}

/**
 * Optical density (red, green, blue) of hematoxylin, eosin and diaminobenzidine, not scaled to length 1: Ruifrok and
 * Johnston 2001, to the two digits of StainTools and tiatoolbox.
 */
export const ruifrokVectors = {
  hematoxylin: [0.65, 0.7, 0.29],
  eosin: [0.07, 0.99, 0.11],
  residual: [0.27, 0.57, 0.78],
} as const

/** Mean and standard deviation of ImageNet's pixels (0 to 1), as most vision networks were trained with. */
export const imageNet = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const
