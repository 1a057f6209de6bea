// A graph as an ONNX model: values in order, each op by its form, names given by position.
// The same graph gives the same bytes.

import { create } from '@bufbuild/protobuf'
import { type NdArray, ShapeError } from '../base/index.ts'
import {
  attributeToOnnx,
  OnnxGraphSchema,
  OnnxModelSchema,
  type OnnxNode,
  OnnxNodeSchema,
  type OnnxTensor,
  type OnnxValueInfo,
  OnnxValueInfoSchema,
  onnxTypes,
  tensorToOnnx,
  writeOnnx,
} from '../formats/onnx.ts'

import { type OnnxForm, onnxForms } from './onnxForms.ts'
import { simplify } from './simplify.ts'
import { sortValues } from './sort.ts'
import type { OpAttributes, Value } from './value.ts'

/** What goes into a model beside its graph. */
export interface EmitOptions {
  /** The graph's name. */
  readonly name?: string
  /** Inputs in the order they shall be listed; others follow as they are met. */
  readonly inputs?: readonly Value[]
  /** Strings kept in the model, e.g. preprocessing. */
  readonly metadata?: Readonly<Record<string, string>>
}

const opset = 18n
const irVersion = 10n

/** The ONNX model (bytes) that computes `outputs`, by name. Throws ShapeError where two inputs share a name. */
export function emitModel(written: Readonly<Record<string, Value>>, options: EmitOptions = {}): Uint8Array {
  const outputs = simplify(written)
  const writer = openWriter(outputs)
  const values = sortValues([...(options.inputs ?? []), ...Object.values(outputs)])
  for (const value of values) writer.write(value)
  const outputInfo = Object.entries(outputs).map(([name, value]) => writer.alias(name, value))
  const domains = [...new Set(writer.nodes.map(({ domain }) => domain))].sort()
  if (!domains.includes('')) domains.unshift('')
  return writeOnnx(
    create(OnnxModelSchema, {
      irVersion,
      producerName: 'eosin',
      opsetImport: domains.map((domain) => ({ domain, version: domain === '' ? opset : 1n })),
      metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
      graph: create(OnnxGraphSchema, {
        name: options.name ?? 'eosin',
        node: writer.nodes,
        initializer: writer.initializers,
        input: writer.inputs,
        output: outputInfo,
      }),
    }),
  )
}

function openWriter(outputs: Readonly<Record<string, Value>>) {
  const names = new Map<Value, string>()
  const nodes: OnnxNode[] = []
  const inputs: OnnxValueInfo[] = []
  const initializers: OnnxTensor[] = []
  const constants = new Map<string, string>()
  const wanted = new Map<Value, string>()
  for (const [name, value] of Object.entries(outputs)) if (!wanted.has(value)) wanted.set(value, name)

  // Small constants (scalars, axes, shapes) recur all over a gradient: one initializer for each content.
  const nameConstant = (array: NdArray): string => {
    const key =
      array.data.length <= 16 ? `${array.dtype} [${array.shape}] ${describeNumbers(array)}` : undefined
    const known = key && constants.get(key)
    if (known) return known
    const name = `constant:${initializers.length}`
    initializers.push(tensorToOnnx(name, array))
    if (key) constants.set(key, name)
    return name
  }
  const writeInput = (value: Value, { name }: OpAttributes['input']) => {
    if (inputs.some((other) => other.name === name)) {
      throw new ShapeError({
        where: `input '${name}'`,
        expected: 'one input of that name',
        got: 'two',
        hint: 'make it once and share the value',
      })
    }
    inputs.push(describeValue(name, value))
    return name
  }
  const writeNode = (value: Value) => {
    const form = formOf(value)
    const name = wanted.get(value) ?? `${value.op}:${nodes.length}`
    const own = value.inputs.map((from) => names.get(from)!)
    nodes.push(
      create(OnnxNodeSchema, {
        name: `${value.op}:${nodes.length}`,
        opType: form.type,
        domain: form.domain ?? '',
        input: [...own, ...(form.constants ?? []).map(nameConstant)],
        output: [name],
        attribute: Object.entries(form.attributes ?? {}).map(([key, attribute]) =>
          attributeToOnnx(key, attribute),
        ),
      }),
    )
    return name
  }
  return {
    nodes,
    inputs,
    initializers,
    write(value: Value) {
      if (value.op === 'input') names.set(value, writeInput(value, value.attributes as OpAttributes['input']))
      else if (value.op === 'constant')
        names.set(value, nameConstant((value.attributes as OpAttributes['constant']).array))
      else names.set(value, writeNode(value))
    },
    /** Makes sure that an output of that name exists, and describes it. */
    alias(name: string, value: Value): OnnxValueInfo {
      const source = names.get(value)!
      if (source !== name)
        nodes.push(
          create(OnnxNodeSchema, {
            name: `output:${name}`,
            opType: 'Identity',
            input: [source],
            output: [name],
          }),
        )
      return describeValue(name, value)
    },
  }
}

function formOf(value: Value): OnnxForm {
  const form = onnxForms[value.op as keyof typeof onnxForms] as (
    attributes: unknown,
    value: Value,
  ) => OnnxForm
  return form(value.attributes, value)
}

// String() tells -0 from 0 no more than JSON does: an initializer must.
function describeNumbers(array: NdArray): string {
  return Array.from(array.data as ArrayLike<number | bigint>, (x) =>
    Object.is(x, -0) ? '-0' : `${x}`,
  ).join()
}

function describeValue(name: string, { dtype, shape }: Value): OnnxValueInfo {
  const dim = shape.map((side) => ({
    value:
      typeof side === 'number'
        ? ({ case: 'dimValue', value: BigInt(side) } as const)
        : ({ case: 'dimParam', value: side } as const),
  }))
  return create(OnnxValueInfoSchema, {
    name,
    type: { tensorType: { elemType: onnxTypes[dtype], shape: { dim } } },
  })
}
