// OpenCV's 8-bit LAB: the table of a fixture, forward and back, bit for bit.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readNpy } from '../src/formats/index.ts'
import { lab8ToRgb, rgbToLab8 } from '../src/stain/index.ts'
import type { ConformanceResult } from './result.ts'
import { compare } from './stainImages.ts'

/** Checks a `cv2_lab8` fixture. */
export async function checkLab8(folder: string): Promise<ConformanceResult[]> {
  const read = async (name: string) =>
    readNpy(new Uint8Array(await readFile(join(folder, `${name}.npy`))), name).data as Uint8Array
  const input = await read('input')
  const lab = new Uint8Array(input.length)
  rgbToLab8(input, lab)
  const expected = await read('expected')
  const back = new Uint8Array(expected.length)
  lab8ToRgb(expected, back)
  return [compare('RGB to LAB', lab, expected, 0), compare('LAB to RGB', back, await read('back_to_rgb'), 0)]
}
