// A graph as an ONNX model: values in order, each op by its form, names given by position.
// The same graph gives the same bytes.

import { type NdArray, ShapeError } from '../base/index.ts'
import {
  attributeToOnnx,
  type OnnxModelParts,
  type OnnxTensor,
  onnxTypes,
  placeTensor,
  type TensorPlace,
  tensorToOnnx,
  writeOnnx,
} from '../formats/onnx/index.ts'

import { type OnnxForm, onnxForms } from './onnxForms.ts'
import { simplify } from './simplify.ts'
import { sortValues } from './sort.ts'
import { fixedShape, type OpAttributes, type Value } from './value.ts'

/** What goes into a model beside its graph. */
export interface EmitOptions {
  /** The graph's name. */
  readonly name?: string
  /** Inputs in the order they shall be listed; others follow as they are met. */
  readonly inputs?: readonly Value[]
  /** Strings kept in the model, e.g. preprocessing. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Inputs that are not fed: their values lie in files, by the input's name. */
  readonly placed?: Readonly<Record<string, TensorPlace>>
}

const opset = 18n
const irVersion = 10n

/** The ONNX model (bytes) that computes `outputs`, by name. Throws ShapeError where two inputs share a name. */
export function emitModel(outputs: Readonly<Record<string, Value>>, options: EmitOptions = {}): Uint8Array {
  return writeOnnx(emitParts(outputs, options))
}

/** The same before it becomes bytes; its tensors share the memory of the graph's constants. */
export function emitParts(
  outputs: Readonly<Record<string, Value>>,
  options: EmitOptions = {},
): OnnxModelParts {
  const results = simplify(outputs)
  const values = sortValues([...(options.inputs ?? []), ...Object.values(results)])
  const constants = openConstants()
  const names = nameValues(values, results, constants)
  const nodes = values.filter(isNode).map((value) => writeNode(value, names, constants))
  const copies = Object.entries(results).filter(([name, value]) => names.get(value) !== name)
  for (const [name, value] of copies) {
    nodes.push({ name: `output:${name}`, opType: 'Identity', input: [names.get(value)!], output: [name] })
  }
  const leaves = values.filter(({ op }) => op === 'input')
  const isPlaced = (value: Value) => names.get(value)! in (options.placed ?? {})
  const domains = [...new Set(['', ...nodes.map(({ domain = '' }) => domain)])].sort()
  return {
    irVersion,
    producerName: 'eosin',
    opsetImport: domains.map((domain) => ({ domain, version: domain === '' ? opset : 1n })),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: {
      name: options.name ?? 'eosin',
      node: nodes,
      initializer: [
        ...constants.tensors,
        ...leaves.filter(isPlaced).map((value) => {
          const name = names.get(value)!
          return placeTensor(name, value.dtype, fixedShape(name, value), options.placed![name])
        }),
      ],
      input: leaves.filter((value) => !isPlaced(value)).map((value) => writePort(names.get(value)!, value)),
      output: Object.entries(results).map(([name, value]) => writePort(name, value)),
    },
  }
}

type GraphParts = NonNullable<OnnxModelParts['graph']>
type NodeParts = NonNullable<GraphParts['node']>[number]
type PortParts = NonNullable<GraphParts['input']>[number]

function isNode({ op }: Value): boolean {
  return op !== 'input' && op !== 'constant'
}

interface Constants {
  readonly tensors: OnnxTensor[]
  /** The name of the initializer with this content. */
  name(array: NdArray): string
}

// Small constants (scalars, axes, shapes) recur all over a gradient: one initializer for each content.
function openConstants(): Constants {
  const tensors: OnnxTensor[] = []
  const known = new Map<string, string>()
  return {
    tensors,
    name(array) {
      const key = `${array.dtype} [${array.shape}] ${array.data.length <= 16 ? showNumbers(array) : tensors.length}`
      const found = known.get(key)
      if (found) return found
      const name = `constant:${tensors.length}`
      tensors.push(tensorToOnnx(name, array))
      known.set(key, name)
      return name
    },
  }
}

// String() tells -0 from 0 no more than JSON does: an initializer must.
function showNumbers(array: NdArray): string {
  return Array.from(array.data as ArrayLike<number | bigint>, (x) =>
    Object.is(x, -0) ? '-0' : `${x}`,
  ).join()
}

// An input keeps its name, a result takes its output's, the rest are numbered.
function nameValues(
  values: readonly Value[],
  results: Readonly<Record<string, Value>>,
  constants: Constants,
): Map<Value, string> {
  const wanted = new Map(Object.entries(results).map(([name, value]) => [value, name]))
  const names = new Map<Value, string>()
  const inputs = new Set<string>()
  for (const [i, value] of values.entries()) {
    if (value.op === 'constant') {
      names.set(value, constants.name((value.attributes as OpAttributes['constant']).array))
    } else if (value.op === 'input') {
      const { name } = value.attributes as OpAttributes['input']
      if (inputs.has(name)) throw repeatedInput(name)
      inputs.add(name)
      names.set(value, name)
    } else {
      names.set(value, wanted.get(value) ?? `${value.op}:${i}`)
    }
  }
  return names
}

function repeatedInput(name: string): ShapeError {
  return new ShapeError({
    where: `input '${name}'`,
    expected: 'one input of that name',
    got: 'two',
    hint: 'make it once and share the value',
  })
}

function writeNode(
  value: Value,
  names: ReadonlyMap<Value, string>,
  constants: Constants,
): NodeParts & { domain?: string } {
  const form = formOf(value)
  const name = names.get(value)!
  const own = value.inputs.map((from) => names.get(from)!)
  return {
    name,
    opType: form.type,
    domain: form.domain,
    input: [...own, ...(form.constants ?? []).map((array) => constants.name(array))],
    output: form.output === undefined ? [name] : [`unused:${name}`, `unused:${name}`].with(form.output, name),
    attribute: Object.entries(form.attributes ?? {}).map(([key, item]) => attributeToOnnx(key, item)),
  }
}

function formOf(value: Value): OnnxForm {
  const form = onnxForms[value.op as keyof typeof onnxForms] as (
    attributes: unknown,
    value: Value,
  ) => OnnxForm
  return form(value.attributes, value)
}

function writePort(name: string, { dtype, shape }: Value): PortParts {
  const dim = shape.map((side) => ({
    value:
      typeof side === 'number'
        ? ({ case: 'dimValue', value: BigInt(side) } as const)
        : ({ case: 'dimParam', value: side } as const),
  }))
  return { name, type: { tensorType: { elemType: onnxTypes[dtype], shape: { dim } } } }
}
