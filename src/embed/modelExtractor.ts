// The extractors that are known models (`dinov2-small`, `uni`, `medimageinsight`, ...) and `vit:CARD.json`, a ViT
// that its user describes: the network is written by Eosin and takes the weights as they are published.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { countValues, DataError, type NdArray, type Pixels, UsageError } from '../base/index.ts'
import { chooseProvider, type ProviderChoice } from '../engine/index.ts'
import { hashBytes, hashFile } from '../files/index.ts'
import { type ImageTransform, transformedSides } from '../patches/index.ts'
import {
  type Checkpoint,
  catalog,
  hashOfCached,
  type ModelCard,
  type ModelName,
  openModelCheckpoint,
  openParams,
  parseShardIndex,
  randomWeights,
  randomWeightsHash,
  readModelCard,
} from '../weights/index.ts'
import { type Agreement, compareRows } from './agreement.ts'
import type { Extractor, ModelProvenance } from './extractor.ts'
import type { ExtractorMethod, OpenOptions } from './extractorMethod.ts'
import { type ModelOptions, modelDefaults, modelRules, planModel } from './model/modelOptions.ts'
import { checkSides, chooseBatch, countDimensions, type Network, openNetwork } from './model/network.ts'
import { openPreparation, type Preparation, threadsBeside } from './preparation.ts'
import { openQueue } from './queue.ts'

// Raised when the same weights and options give other embeddings.
const version = 2

/** The known models as extractors, by name. */
export const modelMethods = Object.fromEntries(
  Object.entries<ModelCard>(catalog).map(([name, card]) => [name, methodOf(name, card)]),
) as { readonly [Name in ModelName]: ExtractorMethod<ModelOptions> }

/** The methods behind `vit:CARD.json` and `davit:CARD.json`. */
export const describedMethods = {
  vit: describedMethod('vit', 'ViT'),
  davit: describedMethod('davit', 'DaViT'),
}

function describedMethod(family: 'vit' | 'davit', title: string): ExtractorMethod<ModelOptions> {
  return {
    about: `a ${title} described in a JSON file (docs/weights.md); its checkpoint as the option weights`,
    takesPath: true,
    usesDevice: true,
    defaults: modelDefaults,
    rules: modelRules,
    async open(options, context, path) {
      return openModel(`${family}:${path}`, await readModelCard(path, family), options, context)
    },
  }
}

function methodOf(name: string, card: ModelCard): ExtractorMethod<ModelOptions> {
  return {
    about: card.title,
    takesPath: false,
    usesDevice: true,
    defaults: modelDefaults,
    rules: modelRules,
    open: (options, context) => openModel(name, card, options, context),
  }
}

// Opening checks all that can be checked without reading the weights' values: studies open extractors for their keys.
async function openModel(
  name: string,
  card: ModelCard,
  options: ModelOptions,
  context: OpenOptions,
): Promise<Extractor> {
  const { device = 'auto', threads, resolvePath = (path: string) => path } = context
  const plan = planModel(name, card, options)
  const provider = chooseProvider(device as ProviderChoice)
  if (plan.precision !== 'fp32' && provider !== 'cpu') {
    throw new UsageError({
      where: `extractor ${name} precision`,
      expected: 'fp32 on a GPU',
      got: plan.precision,
      hint: '--device cpu, or leave precision out',
    })
  }
  const sides = knownSides(plan.transform)
  if (sides) checkSides(plan, sides)
  const isRandom = options.weights === randomWeights
  const weights = options.weights === null || isRandom ? options.weights : resolvePath(options.weights)
  const checkpoint = await openModelCheckpoint(name, card, { weights, part: options.part })
  try {
    const params = openParams(checkpoint, { ...card, architecture: plan.architecture })
    const { batch: _, ...facts } = plan
    const hash = await hashWeights(checkpoint)
    const networks = openNetworks((size) => openNetwork(plan, params, size, { provider, threads }))
    const dimensions = countDimensions(plan, sides)
    const preparation = openPreparation(plan.transform, threadsBeside(provider, threads))
    const queue = openQueue()
    const extractor: Extractor = {
      name,
      key: hashBytes(JSON.stringify({ version, hash, part: params.part.name, provider, ...facts })),
      dimensions,
      featureNames: null,
      provenance: describeModel(
        card,
        isRandom,
        isCatalogued(name) && weights !== null && hash !== card.sha256,
      ),
      ...(provider === 'cpu' && { weightBytes: 4 * countValues(Object.values(params.shapes)) }),
      embed(batch) {
        const { height, width } = transformedSides(plan.transform, batch.height, batch.width)
        const runs = preparation.prepare(batch, plan.batch ?? chooseBatch(plan, height, width))
        return queue(() => embedRuns(name, networks, runs, batch.count, dimensions))
      },
      async close() {
        await preparation.close()
        await networks.close()
        await checkpoint.close()
      },
    }
    if (plan.precision === 'fp32') return extractor
    const openExact = () => openModel(name, card, { ...options, precision: 'fp32' }, context)
    return { ...extractor, measureAgreement: (batch) => compareWith(openExact, extractor, batch) }
  } catch (error) {
    await checkpoint.close()
    throw error
  }
}

async function compareWith(
  openExact: () => Promise<Extractor>,
  extractor: Extractor,
  batch: Pixels,
): Promise<Agreement> {
  const rows = await extractor.embed(batch)
  const exact = await openExact()
  try {
    return compareRows(rows, await exact.embed(batch), extractor.dimensions)
  } finally {
    await exact.close()
  }
}

const isCatalogued = (name: string) => Object.hasOwn(catalog, name)

// Nothing was learnt into values that are drawn, and nothing of theirs is anybody's. What weights in a file of one's own were
// trained on, no card of the catalog can say.
function describeModel(
  { title, licence, pretraining }: ModelCard,
  isRandom: boolean,
  isOwnFile: boolean,
): ModelProvenance {
  if (isRandom) {
    const drawn = `${title}, its weights drawn at random`
    return { title: drawn, licence: 'none needed', pretraining: [], isTrained: false }
  }
  return isOwnFile
    ? { title: `${title}, with weights of its user's`, licence, pretraining: [] }
    : { title, licence, pretraining }
}

async function hashWeights({ path, format }: Checkpoint): Promise<string> {
  if (format === 'random') return randomWeightsHash
  const hashOne = async (file: string) => (await hashOfCached(file)) ?? hashFile(file)
  if (format !== 'sharded') return hashOne(path)
  const shards = new Set(parseShardIndex(await readFile(path, 'utf8'), path).values())
  const hashes: string[] = []
  for (const shard of [...shards].sort()) hashes.push(await hashOne(join(dirname(path), shard)))
  return hashBytes(hashes.join('\n'))
}

// The sides of what a transform makes, where they do not depend on the patches.
function knownSides({ resize, crop }: ImageTransform): readonly [number, number] | null {
  if (crop !== null) return typeof crop === 'number' ? [crop, crop] : [crop.height, crop.width]
  if (resize === null) return null
  if ('height' in resize) return [resize.height, resize.width]
  return resize.edge === 'both' ? [resize.side, resize.side] : null
}

interface Networks {
  /** The network for images of these sides. */
  take(height: number, width: number): Promise<Network>
  close(): Promise<void>
}

// One network at a time: sets of patches have one size, and large weights are not held twice.
function openNetworks(open: (sides: readonly [number, number]) => Promise<Network>): Networks {
  let current: { readonly sides: string; readonly network: Network } | null = null
  const close = async () => {
    await current?.network.close()
    current = null
  }
  return {
    async take(height, width) {
      const sides = `${height}x${width}`
      if (current?.sides === sides) return current.network
      await close()
      current = { sides, network: await open([height, width]) }
      return current.network
    },
    close,
  }
}

async function embedRuns(
  name: string,
  networks: Networks,
  runs: ReturnType<Preparation['prepare']>,
  total: number,
  dimensions: number,
): Promise<Float32Array> {
  const rows = new Float32Array(total * dimensions)
  for await (const { images, first, count } of runs) {
    const network = await networks.take(images.shape[2], images.shape[3])
    const { data } = await network.run(images as NdArray<'f32'>)
    rows.set((data as Float32Array).subarray(0, count * dimensions), first * dimensions)
  }
  if (rows.every(Number.isFinite)) return rows
  throw new DataError({
    where: `embedding by ${name}`,
    expected: 'finite values',
    got: 'others',
    hint: 'check the weights',
  })
}
