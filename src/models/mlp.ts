// The multilayer perceptron on embeddings: linear, batch norm, ReLU, dropout for each hidden width, then one
// linear layer to the logits. Names are those of torch's nn.Sequential with all four parts of a block listed.

import { relu } from '../graph/index.ts'
import { activation, batchNorm, dropout, linear, type Model, sequential } from '../nn/index.ts'

/** The form of a perceptron. */
export interface MlpOptions {
  readonly inputs: number
  /** Widths of the hidden layers; none makes it logistic regression. */
  readonly hidden: readonly number[]
  readonly outputs?: number
  /** Probability of dropout after each hidden layer; 0 where the list is shorter. */
  readonly dropout?: readonly number[]
  /** Whether hidden layers have batch norm; true. Their places in the names stay. */
  readonly norm?: boolean
  readonly epsilon?: number
  readonly momentum?: number
}

/** A perceptron from x [rows, inputs] to logits [rows, outputs]; parameters `0.weight`, `1.running_mean`, ... */
export function mlp(options: MlpOptions): Model {
  const { hidden, output } = mlpParts(options)
  return sequential([hidden, output])
}

/** The same in two parts, one after the other. */
export interface MlpParts {
  /** From x to the last hidden layer's output. */
  readonly hidden: Model
  /** Features of a row there. */
  readonly width: number
  /** From there to the logits. */
  readonly output: Model
}

/** A perceptron's hidden layers and its last layer. */
export function mlpParts(options: MlpOptions): MlpParts {
  const { inputs, hidden, outputs = 1, dropout: rates = [], norm = true, epsilon, momentum } = options
  const widths = [inputs, ...hidden]
  const blocks = hidden.flatMap((width, i) => [
    linear(`${4 * i}`, widths[i], width),
    ...(norm ? [batchNorm(`${4 * i + 1}`, width, { epsilon, momentum })] : []),
    activation(relu),
    dropout(rates[i] ?? 0),
  ])
  const width = widths[hidden.length]
  return { hidden: sequential(blocks), width, output: linear(`${4 * hidden.length}`, width, outputs) }
}
