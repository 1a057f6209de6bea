// From which probability on patches are predicted to be tumour, and how that was found, in words: for the terminal, the
// report and the model card alike.

import { compareNames, printThreshold } from '../base/index.ts'
import type { AbstentionScores } from '../evaluate/evaluation.ts'
import type { Cell } from './record.ts'

/** How a cell's probabilities became predictions, in sentences; none where they all did by a threshold that was given. */
export function describeDecision(cell: Cell): string[] {
  return [...describeRule(cell), ...describeAbstention(cell)]
}

function describeRule({ decision, heldOut, val }: Cell): string[] {
  if (!decision) return []
  const { rule, test, temperature } = decision
  const ground = heldOut ? 'held-out centers' : 'validation'
  const sentences: string[] = []
  if (rule === 'held-out') {
    const care = heldOut
      ? 'Each held-out center is judged at the threshold that the others give.'
      : 'The accuracy on validation is optimistic for that.'
    sentences.push(
      `Threshold: patches are predicted to be tumour from a probability of ${printThreshold(val.threshold)} on, which gave the highest accuracy on ${ground}. ${care}`,
    )
  }
  if (typeof rule === 'object') {
    sentences.push(
      `Threshold: of the patches of each center ${sayShare(rule.share)} are predicted to be tumour, the share that was stated for it${test === undefined ? '' : `: in the test set from a probability of ${printThreshold(test)} on`}. Labelled centers are judged as though their own share had been stated: their accuracy is that of a share that is right.`,
    )
  }
  if (temperature) {
    const { pooled, byCenter } = temperature
    const alone = Object.entries(byCenter)
      .sort(([a], [b]) => compareNames(a, b))
      .map(([center, own]) => `${center} ${own.toFixed(2)}`)
    const care = heldOut
      ? 'Each held-out center is judged with the temperature of the others.'
      : 'The calibration error on validation is optimistic for that.'
    sentences.push(
      `Temperature: log odds are divided by ${pooled.toFixed(2)}, fitted on ${alone.length > 1 ? `${ground} together` : ground}${alone.length > 1 ? ` (center by center: ${alone.join(', ')})` : ''}. ${care}`,
    )
  }
  return sentences
}

function describeAbstention({ abstention }: Cell): string[] {
  if (!abstention) return []
  const { share, margin, ...sets } = abstention
  const words = { heldOut: 'held-out centers', val: 'validation', test: 'the test set' } as const
  const said = (['heldOut', 'val', 'test'] as const).flatMap((name) => {
    const scores = sets[name]
    return scores ? [`of ${words[name]} ${sayScores(scores)}`] : []
  })
  return [
    `Abstention: patches whose probability is nearer than ${margin.toFixed(3)} to the threshold are left to a person, which are ${sayShare(share)} of ${sets.heldOut ? words.heldOut : words.val}; no label has a part in that. Left are ${said.join('; ')}. The submission predicts every patch.`,
  ]
}

function sayScores({ count, abstained, accuracy }: AbstentionScores): string {
  const kept = accuracy
    ? `, and the accuracy of the others is ${points(accuracy.value)} % (${points(accuracy.low)} to ${points(accuracy.high)})`
    : ''
  return `${points(abstained / count)} %${kept}`
}

/** At which thresholds the accuracies of a run's cells are, in one sentence; empty where at one that was given. */
export function describeThresholds([{ decision, heldOut }]: readonly Cell[]): string {
  const rule = decision?.rule ?? 'given'
  if (rule === 'given') return ''
  if (rule === 'held-out')
    return `Accuracies are at a threshold of each cell's own, chosen on ${heldOut ? 'held-out centers' : 'validation'}.`
  return `Accuracies are at thresholds by share of tumour: ${sayShare(rule.share)} of the test patches of each center, as stated; of labelled centers their own share.`
}

const points = (share: number) => (100 * share).toFixed(1)
const sayShare = (share: number) => `${Number((100 * share).toFixed(2))} %`
