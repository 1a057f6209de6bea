// MODEL_CARD.md: what the model of a run is, was made from, is good for and is not, in the sections of Mitchell et al. (2019),
// Model Cards for Model Reporting.

import { printThreshold, transductiveNote } from '../base/index.ts'
import {
  describeDecision,
  describeExposure,
  describeForecasts,
  describeOrder,
  describeOverlap,
  describeShares,
  isTelling,
  listWithin,
  orderAdvice,
} from '../runs/browser.ts'
import type { MemberFile, ModelFile } from '../study/model.ts'
import { tabulateScores } from './cardScores.ts'
import {
  type Cell,
  listCenters,
  nameCell,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  type Split,
  UNNAMED,
} from './data.ts'
import { escapeMarkdown } from './markdown.ts'
import { formatCount, formatList, formatOverSeeds, formatPlural, formatShare, formatUnit } from './numbers.ts'
import { sayOrigin } from './origin.ts'
import { listTied } from './ties.ts'

/** The model card of a run's model; the same run gives the same bytes. */
export function renderModelCard(data: ReportData, model: ModelFile): string {
  const { manifest, metrics } = data
  const cell = metrics.cells.find(({ id }) => id === model.cell)!
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['Model details', describeModel(data, model, cell)],
    ['Intended use', describeUse(model)],
    ['Factors', describeFactors(data)],
    ['Metrics', describeMetrics(cell)],
    ['Evaluation data', (['val', 'test'] as const).flatMap((split) => describeSplit(data, split))],
    ['Training data', describeSplit(data, 'train')],
    ['Quantitative analyses', describeResults(data, cell)],
    ['Ethical considerations', describeEthics(data)],
    ['Caveats and recommendations', describeCaveats(data, model, cell)],
    ['How to use it', HOW_TO_USE],
  ]
  return [
    `# Model card: ${escapeMarkdown(manifest.name)}`,
    `**${escapeMarkdown(sayOrigin(manifest.origin))}**`,
    'Written by Eosin from the files of the run. Sections after Mitchell et al. 2019.',
    ...sections.map(([title, lines]) => `## ${title}\n\n${lines.join('\n')}`),
  ]
    .map((block) => `${block}\n`)
    .join('\n')
}

const item = (term: string, text: string) => `- ${term}: ${escapeMarkdown(text)}`

function describeModel({ manifest }: ReportData, model: ModelFile, cell: Cell): string[] {
  const { height, width } = model.patch
  return [
    item(
      'What it does',
      `gives a patch of ${height} × ${width} pixels of H&E-stained tissue a probability of tumour`,
    ),
    item('Cell of the grid', nameCell(cell)),
    ...model.members.flatMap((member) => [
      ...(model.members.length > 1 ? [item('One of the cells that are averaged', member.cell)] : []),
      ...describeMember(manifest, member),
    ]),
    ...(model.transductive
      ? [item('Transductive', 'yes: it uses unlabelled patches of the hospital that it predicts')]
      : []),
    ...(typeof model.threshold === 'number' && isGiven(cell)
      ? [item('Threshold', `tumour from a probability of ${printThreshold(model.threshold)} on`)]
      : []),
    ...describeDecision(cell).map((sentence) => `- ${escapeMarkdown(sentence)}`),
    item(
      'Versions',
      Object.entries(manifest.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ),
    item('All options', 'recipe.yaml, beside this file'),
  ]
}

// Of any other threshold the sentences of the decision say where it lies.
const isGiven = ({ decision }: Cell) => (decision?.rule ?? 'given') === 'given'

function describeMember(
  { extractors }: ReportData['manifest'],
  { stain, embed, augment, adapt, head, seeds }: MemberFile,
): string[] {
  const several = seeds.length > 1 ? ', probabilities averaged' : ''
  const reference = describeReference(stain)
  return [
    item('Stain normalisation', `${stain.label} (method ${stain.name})${reference}`),
    item('Extractor', `${embed.label}${describeProvenance(extractors[embed.label])}${describeViews(embed)}`),
    ...(augment.label === 'none' ? [] : [item('Training patches shown as', augment.label)]),
    ...(adapt.name === 'none' ? [] : [item('Adaptation', `${adapt.label} (method ${adapt.name})`)]),
    item(
      'Classifier',
      `method ${head}, ${formatPlural(seeds.length, 'seed')} (${seeds.join(', ')})${several}`,
    ),
  ]
}

function describeReference(stain: MemberFile['stain']): string {
  const { reference } = stain
  if (stain.name === 'none') return ''
  if (reference === 'published') return ', fitted to published values'
  const of = reference.center === undefined ? '' : ` of center ${reference.center}`
  return `, its reference from the ${SPLIT_WORDS[reference.split]} split${of}${reference.split === 'test' ? '; transductive' : ''}`
}

function describeProvenance(provenance: ReportData['manifest']['extractors'][string] | undefined): string {
  if (!provenance) return ': features that are measured, not learned, or a model of which nothing is stated'
  const named = formatList(provenance.pretraining.map(({ name }) => name))
  const sets = provenance.isTrained === false ? 'nothing' : named || 'data that are not stated'
  return `: ${provenance.title}; licence ${provenance.licence}; pre-trained on ${sets}`
}

function describeViews({ options: { views = 1 } }: MemberFile['embed']): string {
  return views === 1 ? '' : `; an embedding is the mean over the ${views} flips and quarter turns of a patch`
}

function describeUse({ patch }: ModelFile): string[] {
  return [
    '- For: research on how patch classifiers carry over to hospitals that were not in the training data, by people who work on machine learning in pathology.',
    '- Not for: diagnosis or any decision about a patient. It is research software, not a medical device, and was never tested on patients.',
    `- Not for: patches of another size than ${patch.height} × ${patch.width} pixels or another resolution than those it was trained on, other stains than H&E, other tissue; slides or patients as a whole, of which it says nothing.`,
  ]
}

function describeFactors({ manifest }: ReportData): string[] {
  const centers = new Set(SPLITS.flatMap((split) => listCenters(manifest.splits[split])))
  centers.delete(UNNAMED)
  const known = centers.size > 0 ? `Metrics are given for each of them below.` : 'The data do not name them.'
  return [
    `- Hospitals differ in staining and scanner, slides in tissue and preparation. ${known}`,
    '- Nothing is known of the patients (age, sex, origin), so that nothing can be said of groups of them.',
  ]
}

function describeMetrics(cell: Cell): string[] {
  const { threshold } = cell.test ?? cell.val
  const { resampled } = cell.test ?? cell.val
  return [
    `- Accuracy, sensitivity and specificity at a threshold of ${printThreshold(threshold)}; area under the ROC curve (AUROC); calibration error (root mean square over 15 bins, less what chance adds, 0 is best).`,
    `- In brackets 95 % intervals, ${resampled} left out in turn (jackknife).`,
  ]
}

function describeSplit({ manifest }: ReportData, split: Split): string[] {
  const provenance = manifest.splits[split]
  if (!provenance) return []
  const { source, format, origin, licence, dataset, count, kept, fingerprint, byCenter } = provenance
  const centers = listCenters(provenance).map((center) => {
    const { count: patches, positives } = byCenter[center]
    const tumour = positives === null ? 'labels withheld' : `${formatCount(positives)} tumour`
    return `${center === UNNAMED ? 'center not named' : `center ${center}`} ${formatCount(patches)} (${tumour})`
  })
  const word = SPLIT_WORDS[split]
  return [
    item(
      `${word[0].toUpperCase()}${word.slice(1)}`,
      `${source} (${format}), ${formatPlural(count, 'patch', 'patches')}, of which ${formatCount(kept)} kept: ${formatList(centers)}. Origin: ${origin}${dataset === undefined ? '' : `, taken for ${dataset}`}. Licence: ${licence ?? 'not stated'}. Fingerprint ${fingerprint.slice(0, 16)}.`,
    ),
  ]
}

function describeResults({ metrics }: ReportData, cell: Cell): string[] {
  const tied = listTied(metrics).length
  const spread = (figure: Cell['testAccuracyOverSeeds']) => `${formatOverSeeds(figure)} %`
  return [
    tabulateScores(cell),
    ...(cell.seeds.length > 1
      ? [
          `- Accuracy of single seeds, mean ± SD: validation ${spread(cell.valAccuracyOverSeeds)}${cell.testAccuracyOverSeeds ? `, test ${spread(cell.testAccuracyOverSeeds)}` : ''}.`,
        ]
      : []),
    ...(metrics.cells.length > 1
      ? [
          `- Chosen among ${formatPlural(metrics.cells.length, 'cell')} by ${escapeMarkdown(metrics.chosenBy)}; ${formatCount(tied)} of the others cannot be told apart.`,
        ]
      : []),
    ...describeForecasts(cell).map((sentence) => `- ${escapeMarkdown(sentence)}`),
    `- Calibration error: validation ${formatUnit(cell.val.calibrationError.value)}${cell.test ? `, test ${formatUnit(cell.test.calibrationError.value)}` : ''}. Where it is large, a probability of 0.9 does not mean nine in ten.`,
  ]
}

function describeEthics({ manifest }: ReportData): string[] {
  const isDrawn = manifest.origin === 'synthetic'
  return [
    isDrawn
      ? '- The patches were drawn by a program: no tissue and no patient is behind them.'
      : '- The patches come from tissue of patients; whoever uses them is bound by the licence and the consent under which they were published.',
    '- A tumour that is missed and a false alarm do different harm; the threshold weighs them as the accuracy does and was not set with a clinician.',
  ]
}

function describeCaveats({ manifest, metrics }: ReportData, model: ModelFile, cell: Cell): string[] {
  const { members } = model
  const labels = [...new Set(members.map(({ embed }) => embed.label))]
  const failures = metrics.failures?.length ?? 0
  const isTrunk = members.some(({ embed }) => typeof embed.options.trunk === 'number')
  const isAligned = members.some(({ adapt }) => adapt.options.align !== 'none')
  const caveats = [
    manifest.origin !== 'real' && sayOrigin(manifest.origin),
    model.transductive &&
      `${transductiveNote} For another hospital a stain that was fitted so would have to be fitted anew on a batch of its patches.`,
    isAligned &&
      'Embeddings are aligned by the statistics of each center: it predicts many patches of a hospital at once, not single ones, and takes the share of tumour among them to be about that of the training centers.',
    ...describeShares(metrics),
    ...(manifest.overlaps ?? []).map(describeOverlap),
    ...listWithin(metrics.within),
    ...(metrics.orders ?? []).filter(isTelling).map((order) => `${describeOrder(order)} ${orderAdvice}`),
    ...labels.flatMap((label) => {
      const exposure = metrics.exposures?.[label]
      return exposure ? [describeExposure(label, exposure)] : []
    }),
    !cell.test &&
      'Test labels are withheld or there is no test set: how well it does on an unseen hospital is not known from this run.',
    metrics.cells.length > 1 &&
      'The validation accuracy is optimistic, since the cell was chosen by the validation set.',
    failures > 0 &&
      `${formatPlural(failures, 'task')} of the study failed: the cell was chosen among those that could be made.`,
    isTrunk &&
      'The classifier reads the tokens of the extractor, not one embedding a patch, and fits no other extractor.',
    members.some(({ stain }) => stain.name !== 'none') &&
      'A patch with too little tissue for a stain fit of its own takes that of its slide or center, or is left as it is; single patches may come out otherwise than in a set.',
    `The share of tumour in the training data was ${shareOfTumour(manifest.splits.train)}; where it is another, probabilities and threshold have to be looked at anew.`,
  ]
  return caveats.flatMap((caveat) => (caveat ? [`- ${escapeMarkdown(caveat)}`] : []))
}

function shareOfTumour(provenance: ReportData['manifest']['splits']['train']): string {
  const counts = Object.values(provenance?.byCenter ?? {})
  const sum = (pick: (center: (typeof counts)[number]) => number) =>
    counts.reduce((total, center) => total + pick(center), 0)
  return `${formatShare(sum(({ positives }) => positives ?? 0) / sum(({ count }) => count))} %`
}

const HOW_TO_USE = [
  'In the folder of this run:',
  '',
  '```sh',
  'eosin predict patches.h5 --run .   # probabilities for other patches of the same size',
  'eosin export --run . --out model.onnx   # one file, where stain and extractor can be exported',
  '```',
]
