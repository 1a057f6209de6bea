// Which of the models in one checkpoint is meant. Training scripts save a student beside its teacher, averaged weights
// beside the last ones, and wrap either in keys and prefixes: one table says what these words mean.

import { WeightsError } from '../base/index.ts'

const ranks = {
  // Self-distillation (DINO, iBOT) publishes the teacher, the running average of the student that is trained.
  teacher: ['teacher', 'teacher_model', 'teacher_network'],
  // What wraps a model, a running average of one, or the part of one that is used later. Empty: no prefix.
  model: [
    '',
    ...['state_dict', 'model_state_dict', 'model', 'net', 'network', 'module', '_orig_mod', 'weights'],
    ...['model_ema', 'state_dict_ema', 'ema_state_dict', 'ema_model', 'ema', 'module_ema', 'params_ema'],
    ...['backbone', 'encoder', 'trunk', 'params'],
  ],
  other: [],
  student: ['student', 'student_model', 'student_network'],
} as const satisfies Record<string, readonly string[]>

/** One of the models of a checkpoint. */
export interface ModelPart {
  /** Where it stands, as in `teacher` or `module.encoder_q`; empty for a file that is one model. */
  readonly name: string
  /** What could have been taken instead. */
  readonly others: readonly string[]
}

/**
 * The part that is meant among `names`, which are keys or prefixes joined by dots: the one `asked` for, by its name or
 * a word of it; else the teacher; else the only one that is wrapped as a model, or the only one at all. A student is
 * taken only when it is asked for. Throws WeightsError, listing the parts, where that decides nothing.
 */
export function chooseModelPart(where: string, names: readonly string[], asked: string | null): ModelPart {
  const fitting = asked === null ? preferParts(names) : names.filter((name) => matchesPart(name, asked))
  const name = fitting.length === 1 ? fitting[0] : fitting.find((found) => found === asked)
  if (name !== undefined) return { name, others: names.filter((other) => other !== name) }
  const listed = names.map((other) => (other === '' ? 'one without a prefix' : `'${other}'`)).join(', ')
  const expected = asked === null ? (fitting.length === 0 ? 'a teacher' : 'one model') : `a part '${asked}'`
  throw new WeightsError({
    where,
    expected,
    got: listed.length > 300 ? `${listed.slice(0, 297)}...` : listed,
    hint:
      asked === null
        ? `say which is meant, as in part=${names.find((other) => other !== '')}, or save it alone`
        : undefined,
  })
}

/** Whether a part's name is `asked`, or holds it as a word. */
export function matchesPart(name: string, asked: string): boolean {
  return name === asked || name.split('.').includes(asked)
}

/** Whether a key is one by which training scripts wrap a model. */
export function wrapsModel(key: string): boolean {
  return rankPart(key) !== 'other'
}

function preferParts(names: readonly string[]): readonly string[] {
  for (const rank of ['teacher', 'model', 'other'] as const) {
    const found = names.filter((name) => rankPart(name) === rank)
    if (found.length > 0) return found
  }
  return []
}

function rankPart(name: string): keyof typeof ranks {
  const words = name.split('.')
  const holds = (rank: 'teacher' | 'student' | 'model') =>
    words.some((word) => (ranks[rank] as readonly string[]).includes(word))
  return (['student', 'teacher', 'model'] as const).find(holds) ?? 'other'
}
