// eosin weights: the known models, and their weights: fetch, import, check.

import type { Command } from 'commander'
import { DataError, pickNamed } from '../../base/index.ts'
import type { HubSettings, ImportedWeights, ModelCard, PulledWeights } from '../../weights/index.ts'
import {
  addExamples,
  type CommonOptions,
  deviceOption,
  jsonOption,
  markResumable,
  printResult,
} from '../command.ts'
import { checkDevice } from '../device.ts'
import { clearLine, formatCount, formatTable, say, showProgress, yellow } from '../terminal.ts'
import type { CheckOptions } from './weightsCheck.ts'

interface HubOptions extends CommonOptions {
  readonly card?: string
  readonly revision?: string
  readonly endpoint?: string
  readonly token?: string
  readonly cache?: string
  readonly offline?: boolean
}

export function addWeights(program: Command): void {
  const weights = program
    .command('weights')
    .description("the known models' weights: list, fetch, import, check")
  const list = weights
    .command('list')
    .description(
      'the models by name: size, licence, what they were trained on, whether their weights are here',
    )
    .option('--cache <folder>', 'where weights are kept (HF_HUB_CACHE)')
    .addOption(jsonOption())
    .action(runList)
  addExamples(list, 'eosin weights list', 'eosin weights list --json')
  const pull = addHubOptions(weights.command('pull'))
    .argument('<model>', "a model's name, as list prints it; any name with --card")
    .description('fetch weights into the cache that Hugging Face tools share; goes on where it was cut')
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .option('--endpoint <url>', 'a mirror of the hub (HF_ENDPOINT)')
    .option('--token <token>', 'for gated models; better in HF_TOKEN, where nobody sees it')
    .option('--offline', 'only say whether it is here (HF_HUB_OFFLINE)')
    .action(runPull)
  markResumable(pull)
  addExamples(pull, 'eosin weights pull dinov2-small', 'HF_TOKEN=hf_... eosin weights pull uni')
  const imported = addHubOptions(weights.command('import'))
    .argument('<model>', "a model's name, as list prints it; any name with --card")
    .argument('<path>', 'a checkpoint, the index of a sharded one, or the folder with either')
    .description('copy weights that came another way into the cache, once they are known to fit')
    .action(runImport)
  addExamples(imported, 'eosin weights import dinov2-small dinov2_vits14_pretrain.pth')
  const check = addHubOptions(weights.command('check'))
    .argument('<model>', "a model's name, as list prints it; any name with --card")
    .argument('[path]', 'a checkpoint; without it the one in the cache')
    .description("compare a checkpoint's tensors with the model's, and its embeddings with reference outputs")
    .option('--quick', 'names and shapes only: do not read the values')
    .option(
      '--reference <file>',
      "the publisher's outputs: .npy [images, size], or safetensors with output and input",
    )
    .option(
      '--input <files...>',
      'the images of --reference: .npy, uint8 [images, height, width, 3], or pictures',
    )
    .option('--set <key=value...>', 'change an option of the extractor, e.g. pooling=cls', [])
    .addOption(deviceOption())
    .action(runCheck)
  addExamples(
    check,
    'eosin weights check dinov2-small',
    'eosin weights check uni pytorch_model.bin --reference uni.safetensors',
  )
}

function addHubOptions(command: Command): Command {
  return command
    .option(
      '--card <file.json>',
      'a ViT that you describe yourself (docs/weights.md), instead of a known one',
    )
    .option('--cache <folder>', 'where weights are kept (HF_HUB_CACHE)')
    .addOption(jsonOption())
}

async function openCard(model: string, { card }: HubOptions): Promise<ModelCard> {
  const { catalog, readModelCard } = await import('../../weights/index.ts')
  if (card === undefined) return pickNamed<ModelCard>('model', catalog, model)
  return readModelCard(card)
}

function settingsOf({ endpoint, token, cache, offline }: HubOptions): Partial<HubSettings> {
  return { endpoint, token, cacheDir: cache, offline }
}

async function runList(options: HubOptions): Promise<void> {
  const { catalog, countParams, locateWeights } = await import('../../weights/index.ts')
  const { findExposure } = await import('../../guards/index.ts')
  const models = await Promise.all(
    Object.entries<ModelCard>(catalog).map(async ([name, card]) => {
      const path = await locateWeights(card, settingsOf(options))
      const sets = card.pretraining.map((set) => set.name)
      return {
        name,
        ...card,
        camelyon17: findExposure(sets, camelyon17).status,
        params: countParams(card),
        path,
      }
    }),
  )
  printResult(options, models, () => {
    const rows = models.map((model) => [
      `${model.name}${model.confirmed ? '' : ' *'}`,
      model.path ? 'yes' : '-',
      (model.params / 1e6).toFixed(0),
      String(model.embedding.size),
      `${clip(model.licence, 16)}${model.gated ? ' g' : ''}`,
      clip(`${marks[model.camelyon17] ?? ''}${model.pretraining.map((set) => set.name).join(', ')}`, 18),
    ])
    return [
      formatTable(['model', 'here', 'M', 'size', 'licence', 'trained on'], rows),
      'M: million parameters; size: of an embedding; g: gated, terms on its page;',
      '*: something is second-hand; (!): trained on hospitals of the challenge;',
      '(?): whether it was is not known.',
      'In full, with sources: --json',
    ].join('\n')
  })
}

// The challenge's hospitals, all centers of them.
const camelyon17 = [{ split: 'CAMELYON17', dataset: 'CAMELYON17', isSynthetic: false, centers: null }]

const marks: Readonly<Record<string, string>> = { yes: '(!) ', 'not known': '(?) ' }

function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

async function runPull(model: string, options: HubOptions): Promise<void> {
  const { locateWeights, pullModel, readHubSettings } = await import('../../weights/index.ts')
  const card = await openCard(model, options)
  const settings = readHubSettings(settingsOf(options))
  if (settings.offline) {
    const path = await locateWeights(card, { ...settings, revision: options.revision })
    if (path) return printResult(options, { model, path }, () => path)
  }
  await describeTerms(card)
  const progress = showProgress(`pull     ${model}`)
  const pulled = await pullModel(card, { ...settings, revision: options.revision, onProgress: progress })
  clearLine()
  printResult<PulledWeights>(options, pulled, ({ files }) =>
    files
      .map(({ path, bytes, cached }) => `${path}  ${formatCount(bytes)} bytes${cached ? ', was here' : ''}`)
      .join('\n'),
  )
}

// What one agrees to by using the model, on stderr.
async function describeTerms({ title, licence, gated, pretraining, doubts }: ModelCard): Promise<void> {
  const { findExposure } = await import('../../guards/index.ts')
  say(`${title}: ${licence}${gated ? ' (to be accepted on its page)' : ''}`)
  for (const { name, about } of pretraining) {
    say(`  trained on ${name}${about ? `: ${about}` : ''}`)
    if (findExposure([name], camelyon17).status === 'yes')
      say(yellow('  shares hospitals with CAMELYON17: its score there is not of an unseen center'))
  }
  if (doubts) say(`  not confirmed: ${doubts}`)
}

async function runImport(model: string, path: string, options: HubOptions): Promise<void> {
  const { importWeights } = await import('../../weights/index.ts')
  const card = await openCard(model, options)
  await describeTerms(card)
  const imported = await importWeights(card, path, settingsOf(options))
  if (imported.isKnown === false)
    say(yellow(`its sha256 is not the published one (${card.sha256}): is it a copy that was saved again?`))
  printResult<ImportedWeights>(options, imported, ({ path: kept, sha256, naming, isKnown }) =>
    [kept, `names of ${naming}`, `sha256 ${sha256}${isKnown ? ', as published' : ''}`].join('\n'),
  )
}

async function runCheck(
  model: string,
  path: string | undefined,
  options: CheckOptions & HubOptions,
): Promise<void> {
  const { locateWeights } = await import('../../weights/index.ts')
  const card = await openCard(model, options)
  const found = path ?? (await locateWeights(card, settingsOf(options)))
  if (found === null) {
    throw new DataError({
      where: model,
      got: 'no weights in the cache',
      hint: `run \`eosin weights pull ${model}\`, or name a file`,
    })
  }
  await checkDevice(options.device, () => [{ name: model, usesDevice: true }])
  const { checkModel } = await import('./weightsCheck.ts')
  await checkModel(model, card, found, options)
}
