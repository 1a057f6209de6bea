// eosin weights check: a checkpoint's tensors against the model's, and the model's embeddings against what is known.

import { DataError, joinPixels, type NdArray, type Pixels, UsageError } from '../../base/index.ts'
import type { Parity } from '../../embed/index.ts'
import type { Checkpoint, ModelCard, WeightsFit } from '../../weights/index.ts'
import type { CommonOptions } from '../command.ts'
import { printResult } from '../command.ts'
import { clearLine, formatCount, showProgress } from '../terminal.ts'

/** The options of `weights check`. */
export interface CheckOptions extends CommonOptions {
  readonly card?: string
  readonly quick?: boolean
  readonly set: readonly string[]
  readonly reference?: string
  readonly input?: readonly string[]
}

/** What the network made of the weights; null where they do not fit or only names were asked for. */
interface Trial {
  readonly dimensions: number
  /** Of the fixed patch: the first values, and the length of the whole. */
  readonly first: readonly number[]
  readonly norm: number
  readonly parity: Parity | null
}

/** Checks the checkpoint at `path` and prints what was found; exit code 1 where it does not fit or agree. */
export async function checkModel(model: string, card: ModelCard, path: string, options: CheckOptions) {
  const { countProblems, findNonFinite, fitWeights, openCheckpoint } = await import('../../weights/index.ts')
  if (options.input && !options.reference)
    throw new UsageError({ where: '--input', expected: '--reference beside it', got: 'none' })
  const { parseAssignments } = await import('../../recipe/index.ts')
  const set = parseAssignments(options.set)
  const checkpoint = await openCheckpoint(path, typeof set.part === 'string' ? set.part : null)
  try {
    const fit = fitWeights(checkpoint, card)
    const progress = showProgress(`check    ${path}`)
    const nonFinite = options.quick ? null : await findNonFinite(checkpoint, progress)
    const hash = await verifyHash(path)
    const isSound = countProblems(fit.findings) === 0 && !nonFinite?.length && hash !== false
    const trial =
      isSound && !options.quick ? await tryModel(nameModel(model, card, options), path, set, options) : null
    clearLine()
    const fits = isSound && trial?.parity?.agrees !== false
    const { format, tensors } = checkpoint
    const result = { model, path, format, tensors: tensors.size, ...fit, nonFinite, hash, trial, fits }
    printResult(options, result, () => describeCheck(card, checkpoint, fit, nonFinite, hash, trial))
    if (!fits) process.exitCode = 1
  } finally {
    await checkpoint.close()
  }
}

// Whether a cached file still has the hash it is stored under; null for a file elsewhere.
async function verifyHash(path: string): Promise<boolean | null> {
  const { hashContent, hashOfCached } = await import('../../weights/index.ts')
  const hash = await hashOfCached(path)
  return hash === null ? null : (await hashContent(path, hash.length === 64 ? 'sha256' : 'git')) === hash
}

// As a recipe writes it.
function nameModel(model: string, { architecture }: ModelCard, { card }: CheckOptions): string {
  return card === undefined ? model : `${architecture.family}:${card}`
}

async function tryModel(
  name: string,
  weights: string,
  set: Readonly<Record<string, unknown>>,
  options: CheckOptions,
): Promise<Trial> {
  const { compareWithReference, makeSmokePatch, openExtractor } = await import('../../embed/index.ts')
  const given = options.reference === undefined ? null : await readReference(options.reference, options.input)
  const extractor = await openExtractor({ name, weights, ...set }, options)
  try {
    const { dimensions } = extractor
    const smoke = await extractor.embed(makeSmokePatch())
    const rows = given && (await extractor.embed(given.images))
    return {
      dimensions,
      first: [...smoke.subarray(0, 4)],
      norm: Math.hypot(...smoke),
      parity: rows && compareWithReference(rows, given.outputs, dimensions, options.reference!),
    }
  } finally {
    await extractor.close()
  }
}

interface Reference {
  readonly images: Pixels
  readonly outputs: NdArray
}

// safetensors with `output` (and `input`), or .npy; images beside it as .npy or as pictures of one size.
async function readReference(path: string, inputs: readonly string[] = []): Promise<Reference> {
  const { pixelsOfArray } = await import('../../embed/index.ts')
  const { readBytes } = await import('../../files/index.ts')
  const { readNpy, readSafetensors } = await import('../../formats/index.ts')
  const isNpy = path.endsWith('.npy')
  const bytes = await readBytes(path)
  const tensors = isNpy ? { output: readNpy(bytes, path) } : readSafetensors(bytes, path)
  const { output, input } = tensors as Readonly<Record<string, NdArray | undefined>>
  if (!output) {
    const got = Object.keys(tensors).join(', ') || 'none'
    throw new DataError({ where: path, expected: "a tensor 'output'", got })
  }
  if (inputs.length > 0) return { images: await readImages(inputs), outputs: output }
  if (input) return { images: pixelsOfArray(input, `${path}: 'input'`), outputs: output }
  const hint = "give --input IMAGES.npy or pictures, or a tensor 'input' in a safetensors file"
  throw new UsageError({ where: '--reference', expected: 'the images that it is of', got: 'none', hint })
}

async function readImages(paths: readonly string[]): Promise<Pixels> {
  const { pixelsOfArray } = await import('../../embed/index.ts')
  const { decodeImage, readBytes, readNpyFile } = await import('../../files/index.ts')
  if (paths.length === 1 && paths[0].endsWith('.npy'))
    return pixelsOfArray(await readNpyFile(paths[0]), paths[0])
  const images: Pixels[] = []
  for (const path of paths) images.push(await decodeImage(await readBytes(path), path))
  const [{ height, width }] = images
  const other = images.findIndex((image) => image.height !== height || image.width !== width)
  if (other >= 0) {
    const got = `${images[other].height}x${images[other].width}`
    throw new DataError({ where: paths[other], expected: `${height}x${width} pixels as ${paths[0]}`, got })
  }
  return joinPixels(images)
}

function describeCheck(
  card: ModelCard,
  { path, format, tensors, foreign }: Checkpoint,
  { naming, findings, part }: WeightsFit,
  nonFinite: readonly string[] | null,
  hash: boolean | null,
  trial: Trial | null,
): string {
  const { missing, misshaped, refused, extra } = findings
  const stored = [...new Set([...tensors.values()].map((tensor) => tensor.stored))].join(', ')
  return [
    `${path}: ${format}, ${formatCount(tensors.size)} tensors of ${stored}, names of ${naming}`,
    ...describePart(part),
    ...missing.map((name) => `problem: ${name} is missing`),
    ...refused.map(
      ({ name, maker }) => `problem: ${name} would be made by '${maker}' in Python; nothing was run`,
    ),
    ...misshaped.map(({ name, expected, got }) => `problem: ${name} is [${got}], not [${expected}]`),
    ...(nonFinite ?? []).map((name) => `problem: ${name} holds NaN or infinite values`),
    ...(hash === false ? ['problem: the file is not what its hash says: remove it and pull again'] : []),
    ...extra.map((name) => `not used: ${name}`),
    ...(foreign.length > 0 ? [`Python names that were not run: ${foreign.join(', ')}`] : []),
    missing.length + misshaped.length + refused.length === 0
      ? `the tensors are those of ${card.title}`
      : `${missing.length + refused.length} missing, ${misshaped.length} mis-shaped: not a checkpoint of ${card.title}`,
    ...(trial ? describeTrial(trial) : []),
  ].join('\n')
}

function describePart({ name, others }: WeightsFit['part']): string[] {
  if (name === '') return []
  const rest =
    others.length > 0 ? `; not taken: ${others.map((other) => `'${other}'`).join(', ')} (--set part=...)` : ''
  return [`the model under '${name}'${rest}`]
}

function describeTrial({ dimensions, first, norm, parity }: Trial): string[] {
  const values = first.map((value) => value.toFixed(6)).join(' ')
  const smoke = `embedding of the fixed patch: ${values} ... (${dimensions} values, length ${norm.toFixed(5)})`
  if (!parity) return [smoke]
  const { images, largest, relative, leastCosine, agrees } = parity
  const figures = `largest difference ${largest.toExponential(1)} (${relative.toExponential(1)} of the largest value)`
  return [
    smoke,
    `${agrees ? '' : 'problem: '}reference of ${images} images: ${figures}, least cosine ${leastCosine.toFixed(7)}`,
  ]
}
