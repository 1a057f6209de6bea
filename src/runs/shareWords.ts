// How the chosen cell depends on the share of tumour among the patches of the target, in words: for the terminal, the report
// and the model card alike.

import type { Cell, Metrics, ShareResult, ShareSensitivity } from './record.ts'

// A loss of so many points, and more, is said where little can be said.
const TOLD_FROM = 3

// What was measured of a cell and, where it is an ensemble, of its members.
function sharesOf({ id, members = [] }: Cell, { shares }: Metrics): ShareSensitivity[] {
  return (shares?.measured ?? []).filter(
    ({ cell, mean }) => [id, ...members].includes(cell) && mean.length > 0,
  )
}

/** How the chosen cell, or each aligned member of a chosen ensemble, does by share of tumour, in a sentence each. */
export function describeShares(metrics: Metrics): string[] {
  return sharesOf(chosenOf(metrics), metrics).map((sensitivity) => {
    const { cell, mean, centers } = sensitivity
    const each = mean.map(
      (result) => `${sayAccuracy(result)} where ${sayShare(result)} of the patches are tumour`,
    )
    const names = centers.map(({ center }) => center).join(', ')
    return `${cell}, aligned by patches of a labelled center that it was not trained on (${names}), has an accuracy of ${each.join(', ')}.`
  })
}

/** The same in one sentence, where the chosen cell loses more than a few points; else none. */
export function describeShareLoss(metrics: Metrics): string[] {
  const worst = sharesOf(chosenOf(metrics), metrics)
    .map(findLoss)
    .sort((a, b) => b.points - a.points)[0]
  if (!worst || 100 * worst.points < TOLD_FROM) return []
  const { result, even } = worst
  return [
    `Share of tumour: where ${sayShare(result)} of a new center's patches are tumour, the chosen cell's alignment by center leaves an accuracy of ${sayAccuracy(result)}, against ${sayAccuracy(even)} where half are, on labelled centers that it was not trained on.`,
  ]
}

// The share at which a cell loses most balanced accuracy, which does not itself depend on the share, against a share of one half.
function findLoss({ mean }: ShareSensitivity) {
  const even = mean.find(({ share }) => share === 0.5)!
  const losses = mean.map((result) => ({
    result,
    even,
    points: even.own.balancedAccuracy - result.own.balancedAccuracy,
  }))
  return losses.reduce((a, b) => (b.points > a.points ? b : a))
}

const chosenOf = ({ cells, chosen }: Metrics) => cells.find(({ id }) => id === chosen)!
const points = (share: number) => (100 * share).toFixed(1)
const sayAccuracy = ({ own }: ShareResult) =>
  `${points(own.accuracy)} % (balanced ${points(own.balancedAccuracy)} %)`
const sayShare = ({ share }: ShareResult) => `${Math.round(100 * share)} %`
