// Optimizers as pure functions that write the update of one parameter. What changes from step to step (learning
// rate, bias corrections) is computed in double precision outside and fed as scalars.
// Sources: Kingma & Ba 2015 (Adam), Loshchilov & Hutter 2019 (decoupled decay); arithmetic as torch.optim.

import * as g from '../graph/index.ts'
import type { ParamRole } from './model.ts'

/** What a step feeds to an update. */
export type StepScalars = Readonly<Record<string, number>>

/** One parameter before its update. */
export interface UpdateInput {
  readonly param: g.Value
  readonly grad: g.Value
  /** The optimizer's state of this parameter, by slot. */
  readonly slots: Readonly<Record<string, g.Value>>
  /** The step's scalars, by the names that `scalars` gives. */
  readonly scalars: Readonly<Record<string, g.Value>>
  /** Whether weight decay applies. */
  readonly decays: boolean
}

/** An optimizer. */
export interface Optimizer {
  readonly name: string
  /** Names of the state kept for each parameter, all of its shape and zero at first. */
  readonly slots: readonly string[]
  readonly learningRate: number
  /** Which roles weight decay applies to. */
  readonly decays: (role: ParamRole) => boolean
  /** The scalars of step 1, 2, ... at `learningRate`. */
  scalars(step: number, learningRate: number): StepScalars
  /** The parameter and its state after the step. */
  update(input: UpdateInput): { param: g.Value; slots: Readonly<Record<string, g.Value>> }
}

/** Options of Adam and AdamW. */
export interface AdamOptions {
  readonly learningRate?: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  readonly weightDecay?: number
  /** What decay applies to: every parameter (torch's default), or weights only (not biases and norms). */
  readonly decay?: 'all' | 'weights'
}

/** Adam with decay decoupled from the gradient; defaults are torch's (lr 1e-3, betas .9 .999, eps 1e-8, decay .01). */
export function adamW(options: AdamOptions = {}): Optimizer {
  return writeAdam('adamW', { weightDecay: 0.01, ...options }, true)
}

/** Adam; a weight decay, 0 by default, is added to the gradient. */
export function adam(options: AdamOptions = {}): Optimizer {
  return writeAdam('adam', options, false)
}

function writeAdam(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const {
    learningRate = 1e-3,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    decay = 'all',
  } = options
  return {
    name,
    slots: ['mean', 'square'],
    learningRate,
    decays: (role) => weightDecay > 0 && (decay === 'all' || role === 'weight'),
    scalars(step, rate) {
      return {
        stepSize: rate / (1 - beta1 ** step),
        rootCorrection: Math.sqrt(1 - beta2 ** step),
        shrink: 1 - rate * weightDecay,
      }
    },
    update({ param, grad, slots, scalars, decays }) {
      const pull = decays && !decoupled ? g.add(grad, g.mul(param, weightDecay)) : grad
      const mean = g.add(g.mul(slots.mean, beta1), g.mul(pull, 1 - beta1))
      const square = g.add(g.mul(slots.square, beta2), g.mul(g.square(pull), 1 - beta2))
      const root = g.add(g.div(g.sqrt(square), scalars.rootCorrection), epsilon)
      const start = decays && decoupled ? g.mul(param, scalars.shrink) : param
      return { param: g.sub(start, g.mul(scalars.stepSize, g.div(mean, root))), slots: { mean, square } }
    },
  }
}

/** Stochastic gradient descent with torch's momentum (v = momentum v + g; p -= lr v) and decay in the gradient. */
export function sgd(options: {
  readonly learningRate: number
  readonly momentum?: number
  readonly weightDecay?: number
  readonly decay?: 'all' | 'weights'
}): Optimizer {
  const { learningRate, momentum = 0, weightDecay = 0, decay = 'all' } = options
  const keepsVelocity = momentum > 0
  const noSlots: Readonly<Record<string, g.Value>> = {}
  return {
    name: 'sgd',
    slots: keepsVelocity ? ['velocity'] : [],
    learningRate,
    decays: (role) => weightDecay > 0 && (decay === 'all' || role === 'weight'),
    scalars: (_, rate) => ({ rate }),
    update({ param, grad, slots, scalars, decays }) {
      const pull = decays ? g.add(grad, g.mul(param, weightDecay)) : grad
      const velocity = keepsVelocity ? g.add(g.mul(slots.velocity, momentum), pull) : pull
      const moved = g.sub(param, g.mul(velocity, scalars.rate))
      return { param: moved, slots: keepsVelocity ? { velocity } : noSlots }
    },
  }
}
