// The tensors of a model in what a training script saved with torch.save: a state dict, or one within dicts of
// arguments, optimisers and other models. What else is saved beside it may be anything; none of it is looked at.

import { WeightsError } from '../base/index.ts'
import { chooseModelPart, type ModelPart, matchesPart, wrapsModel } from '../formats/index.ts'
import { Placeholder } from './pickle.ts'
import { TensorView } from './torchTensor.ts'

/** A model's tensors, and where they stood. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorView>
  /** Tensors that only Python could make, each with the name by which it would. */
  readonly refused: ReadonlyMap<string, string>
  readonly part: ModelPart
}

type Dict = ReadonlyMap<unknown, unknown>
const deepest = 5
const hint = 'save only the weights: torch.save(model.state_dict(), PATH)'

/**
 * Finds the state dict that is meant in `value`. Throws WeightsError where there is none, where several could be meant
 * and `asked` (a key) is null or another, and where a whole module was saved.
 */
export function findStateDict(value: unknown, where: string, asked: string | null): StateDict {
  const keys: string[] = []
  const others: string[] = []
  let dict = value
  for (;;) {
    refuseModule(dict, where)
    const entries = namedEntries(dict)
    const inner = entries.filter(([, item]) => leadsToTensors(item))
    const hasOwn = entries.some(([, item]) => item instanceof TensorView)
    const parts = hasOwn ? inner.filter(([key]) => wrapsModel(key)) : inner
    if (parts.length === 0 || keys.length === deepest) break
    const names = parts.map(([key]) => key)
    const isHere = asked !== null && names.some((name) => matchesPart(name, asked))
    const part = chooseModelPart(where, names, isHere ? asked : null)
    keys.push(part.name)
    others.push(...part.others)
    dict = parts.find(([key]) => key === part.name)![1]
  }
  const entries = namedEntries(dict)
  const tensors = entries.filter((entry): entry is [string, TensorView] => entry[1] instanceof TensorView)
  const refused = entries.flatMap(([key, item]): [string, string][] =>
    item instanceof Placeholder && holdsTensor(item) ? [[key, item.name]] : [],
  )
  if (tensors.length + refused.length === 0) throw noTensors(value, where)
  return { tensors: new Map(tensors), refused: new Map(refused), part: { name: keys.join('.'), others } }
}

function noTensors(value: unknown, where: string): WeightsError {
  const names = namedEntries(value).map(([key]) => key)
  const isEmpty = value instanceof Map && value.size === 0
  const got =
    names.length > 0
      ? `a dict of ${names.slice(0, 12).join(', ')}`
      : value instanceof Placeholder
        ? `what Python would make by '${value.name}'; nothing was run`
        : isEmpty
          ? 'an empty dict'
          : 'other data'
  return new WeightsError({
    where,
    expected: 'the tensors of a model, by name',
    got: got.slice(0, 300),
    hint,
  })
}

function refuseModule(value: unknown, where: string): void {
  if (!isModule(value)) return
  const got = `a whole pickled module, '${value.name}', which only its own Python code can load`
  throw new WeightsError({ where, expected: 'the tensors of a model, by name', got, hint })
}

// torch.nn.Module keeps these two dicts among its attributes.
function isModule(value: unknown): value is Placeholder {
  return (
    value instanceof Placeholder &&
    value.parts.some((state) => state instanceof Map && state.has('_parameters') && state.has('_modules'))
  )
}

// A dict's entries that have a text as key; of a subclass of dict those that were set.
function namedEntries(value: unknown): [string, unknown][] {
  const dict: Dict | null = value instanceof Map ? value : value instanceof Placeholder ? value.entries : null
  return dict ? ([...dict].filter(([key]) => typeof key === 'string') as [string, unknown][]) : []
}

// Whether there are named tensors, or a module, in a dict or in dicts within it.
function leadsToTensors(value: unknown, known = new Map<unknown, boolean>(), depth = 1): boolean {
  if (isModule(value)) return true
  const seen = known.get(value)
  if (seen !== undefined || depth > deepest) return seen ?? false
  known.set(value, false) // a dict that holds itself holds nothing new there
  const found = namedEntries(value).some(
    ([, item]) => item instanceof TensorView || leadsToTensors(item, known, depth + 1),
  )
  known.set(value, found)
  return found
}

// Whether a tensor is among what an object was made of.
function holdsTensor(object: Placeholder): boolean {
  const seen = new Set<unknown>([object])
  const waiting: unknown[] = [object]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (value instanceof TensorView || isStorage(value)) return true
    for (const item of partsOf(value)) {
      if (typeof item !== 'object' || item === null || seen.has(item)) continue
      seen.add(item)
      waiting.push(item)
    }
  }
  return false
}

function partsOf(value: unknown): Iterable<unknown> {
  if (value instanceof Placeholder) return [...value.parts, ...value.entries.values()]
  if (value instanceof Map) return value.values()
  return Array.isArray(value) ? value : []
}

function isStorage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && 'key' in value
}
