// preprocessor_config.json, in which Hugging Face's image processors keep how a model wants its pictures.
// Field names and meanings: huggingface/transformers, image_processing_base.py and the processors of ViT,
// DINOv2 (BitImageProcessor) and CLIP.

import { readFile } from 'node:fs/promises'
import { DataError, describeCause } from '../../base/index.ts'
import type { ChannelValues, ImageTransform, ResizeFilter } from '../../patches/index.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads the file at `path`, or gives null where there is none. Throws DataError for content it cannot take. */
export async function readPreprocessorConfig(path: string): Promise<ImageTransform | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  }
  return parsePreprocessorConfig(text, path)
}

/** The transform that the JSON `text` states. Throws DataError, naming the field, for what it cannot take. */
export function parsePreprocessorConfig(text: string, where: string): ImageTransform {
  const fields = parseFields(text, where)
  const crops = fields.do_center_crop === true
  const scale = fields.do_rescale === false ? 1 : readNumber(fields, 'rescale_factor', 1 / 255, where)
  const normalises = fields.do_normalize !== false
  // Our tensors hold value / 255: another factor goes into mean and deviation.
  const adapt = (values: ChannelValues) =>
    values.map((value) => value / (255 * scale)) as unknown as ChannelValues
  return {
    resize: fields.do_resize === false ? null : readSize(fields, crops, where),
    filter: fields.do_resize === false ? 'bicubic' : readFilter(fields, where),
    crop: crops ? readCrop(fields, where) : null,
    mean: normalises ? adapt(readChannels(fields, 'image_mean', where)) : [0, 0, 0],
    std: adapt(normalises ? readChannels(fields, 'image_std', where) : [1, 1, 1]),
  }
}

function parseFields(text: string, where: string): Fields {
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where, expected: 'JSON', got: describeCause(cause) }, cause)
  }
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Fields
  throw new DataError({ where, expected: 'a JSON object', got: text.slice(0, 40) })
}

// A bare number is the shorter edge where a crop follows (as CLIP's), and both edges where none does (as ViT's).
function readSize(fields: Fields, crops: boolean, where: string): ImageTransform['resize'] {
  const { size } = fields
  if (isSide(size)) return { side: size, edge: crops ? 'shorter' : 'both' }
  const { shortest_edge: shortest, height, width } = (size ?? {}) as Fields
  if (isSide(shortest)) return { side: shortest, edge: 'shorter' }
  if (isSide(height) && isSide(width)) return { height, width }
  throw wrongField(where, 'size', 'a side, shortest_edge, or height and width', size)
}

function readCrop(fields: Fields, where: string): ImageTransform['crop'] {
  const { crop_size: size } = fields
  if (isSide(size)) return size
  const { height, width } = (size ?? {}) as Fields
  if (isSide(height) && isSide(width)) return { height, width }
  throw wrongField(where, 'crop_size', 'a side, or height and width', size)
}

// Pillow's numbers of its filters; 0, nearest, is no filter that networks are trained with.
const filters: Readonly<Record<number, ResizeFilter>> = {
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
  4: 'box',
  5: 'hamming',
}

function readFilter(fields: Fields, where: string): ResizeFilter {
  const resample = readNumber(fields, 'resample', 2, where)
  if (filters[resample]) return filters[resample]
  throw wrongField(where, 'resample', '1 to 5 (lanczos, bilinear, bicubic, box, hamming)', resample)
}

function readChannels(fields: Fields, name: string, where: string): ChannelValues {
  const values = fields[name]
  if (Array.isArray(values) && values.length === 3 && values.every(Number.isFinite)) {
    return values as unknown as ChannelValues
  }
  throw wrongField(where, name, 'three numbers', values)
}

function readNumber(fields: Fields, name: string, usual: number, where: string): number {
  const value = fields[name] ?? usual
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw wrongField(where, name, 'a number', value)
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0
}

function wrongField(where: string, name: string, expected: string, value: unknown): DataError {
  return new DataError({ where: `${where} ${name}`, expected, got: JSON.stringify(value) ?? 'nothing' })
}
