// What a reading rule is: from an ONNX node to the values of its outputs.

import type { Value } from '../value.ts'
import type { OpenNode } from './node.ts'
import type { Static } from './statics.ts'

/** Gives a node's first output, or a list of all of them. */
export type ReadRule = (node: OpenNode) => Value | Static | readonly Value[]

/** Rules by ONNX op; an op of another domain than ONNX's own is `domain.Op`. */
export type ReadRules = Readonly<Record<string, ReadRule>>
