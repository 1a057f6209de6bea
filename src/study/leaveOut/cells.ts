// What is compared when parts of a table are left out: every named head with every named adaptation that goes with it.

import { pickNamed, UsageError } from '../../base/index.ts'
import { type HeadMethod, type HeadName, headMethods, headPresets } from '../../classify/index.ts'
import {
  type AdaptEntry,
  type AxisEntry,
  completeMethod,
  type PlainOptions,
  readAdaptEntry,
  suitsAdaptation,
} from '../../recipe/index.ts'
import { rankHead } from '../selectCandidate.ts'

/** A head and what makes it hold on other centers. */
export interface LeaveOutCell {
  /** `head`, or `adaptation/head`. */
  readonly id: string
  readonly head: AxisEntry
  readonly adapt: AdaptEntry
}

/** What was named. */
export interface NamedCells {
  /** Names of heads; `name:preset` for a named set of options. */
  readonly heads: readonly string[]
  readonly adapts: readonly string[]
  /** Options of the head, where one is named. */
  readonly options: PlainOptions
}

// Embeddings of a table are no tokens.
const embed: AxisEntry = { label: 'table', name: 'table', options: {} }

/**
 * The cells, the simplest first. Throws UsageError where something is named twice, options are given to several heads, or a head goes with
 * none of the adaptations; UnknownNameError and RecipeError for names and options that there are not.
 */
export function listCells({ heads, adapts, options }: NamedCells): LeaveOutCell[] {
  rejectRepeated('--head', heads)
  rejectRepeated('--adapt', adapts)
  if (heads.length > 1 && Object.keys(options).length > 0) {
    const hint = 'name presets as in mlp:paper, or compare runs of one head each'
    throw new UsageError({ where: '--set', expected: 'one head', got: heads.join(', '), hint })
  }
  const entries = heads.map((label): AxisEntry => {
    const [name, preset] = label.split(/:(.*)/s)
    const method = pickNamed('--head', headMethods, name) as HeadMethod<object>
    const known = { ...method, presets: headPresets[name as HeadName] }
    return { label, name, options: completeMethod('--set', known, preset, options, `--head ${name}`) }
  })
  const adaptations = adapts.map((name) => readAdaptEntry('--adapt', name))
  const cells = adaptations.flatMap((adapt) =>
    entries
      .filter((head) => suitsAdaptation(adapt, head, embed))
      .map((head) => ({
        id: adapt.name === 'none' ? head.label : `${adapt.label}/${head.label}`,
        head,
        adapt,
      })),
  )
  const lonely = adaptations.find(({ label }) => !cells.some(({ adapt }) => adapt.label === label))
  if (lonely) {
    const expected = 'a head that can be trained so (mlp)'
    throw new UsageError({ where: `--adapt ${lonely.label}`, expected, got: heads.join(', ') })
  }
  return cells.sort(
    (a, b) =>
      Number(a.adapt.name !== 'none') - Number(b.adapt.name !== 'none') ||
      rankHead(a.head.name) - rankHead(b.head.name),
  )
}

function rejectRepeated(where: string, names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined)
    throw new UsageError({ where, expected: 'each name once', got: `${repeated} twice` })
}
