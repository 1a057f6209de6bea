// The four networks of a cycle-consistent GAN and what they minimise (Zhu, Park, Isola & Efros 2017, eqs. 1-3 and
// section 5.2). Names as in pytorch-CycleGAN-and-pix2pix: G_A makes B out of A, D_A judges images of B; G_B, D_B
// the other way.

import * as g from '../graph/index.ts'
import {
  type GanLossName,
  ganLosses,
  gradientPenalty,
  inferencePass,
  type Model,
  meanAbsoluteError,
  type ParamSpecs,
  type ParamValues,
  type Pass,
  prefixModel,
  type TrainingPass,
} from '../nn/index.ts'
import { type GeneratorView, plainView } from './generatorView.ts'

/** The form of a cycle-consistent GAN. */
export interface CycleGanOptions {
  /** The form of both generators, and of both discriminators. */
  readonly generator: Model
  readonly discriminator: Model
  /** What generators are shown of an image; the image itself. */
  readonly view?: GeneratorView
  /** `lsgan`; `wgangp` comes with its penalty on the gradient. */
  readonly gan?: GanLossName
  /** What a cycle's mean absolute error weighs, beginning in A and in B; 10 and 10. */
  readonly cycleWeights?: readonly [number, number]
  /** What identity weighs as a share of the cycle's weight; 0.5. 0 leaves it out. */
  readonly identityWeight?: number
  /** What the penalty of `wgangp` weighs; 10. 0 leaves it out, as pytorch-CycleGAN-and-pix2pix does. */
  readonly penaltyWeight?: number
}

/** One of the four networks. */
export type GanPart = 'G_A' | 'G_B' | 'D_A' | 'D_B'

/** A loss, and what else a step reports. */
export interface Objective {
  readonly loss: g.Value
  readonly reports: Readonly<Record<string, g.Value>>
}

/** The networks and their objectives, as graphs. */
export interface CycleGan {
  /** Parameters of all four, `G_A.<name>`, `G_B.<name>`, `D_A.<name>`, `D_B.<name>`. */
  readonly params: ParamSpecs
  /** The form of both generators, its parameters without a prefix. */
  readonly generator: Model
  readonly view: GeneratorView
  /**
   * The generators' loss on images [N,3,H,W] in [-1, 1] fed as `real_A` and `real_B`, with `draw.0` to `draw.3` where
   * the view draws. Reports the losses `G_A`, `cycle_A`, `idt_A` and the images `images/fake_A`, `images/rec_A`,
   * `images/idt_A`, and the same for B.
   */
  writeGenerators(params: ParamValues, pass: TrainingPass, shape: readonly number[]): Objective
  /**
   * The discriminators' loss on images fed as `real_A`, `real_B`, `fake_A`, `fake_B`, with `shares_A` and `shares_B`
   * [N,1,1,1] for the penalty of wgangp. Reports D_A and D_B.
   */
  writeDiscriminators(params: ParamValues, pass: TrainingPass, shape: readonly number[]): Objective
  /** Images of A as images of B, or of B as A, by the parameters of the generator alone (without a prefix). */
  writeTranslation(params: ParamValues, images: g.Value, pass?: Pass): g.Value
}

/** Puts the networks together. */
export function cycleGan(options: CycleGanOptions): CycleGan {
  const { generator, discriminator, view = plainView, gan = 'lsgan' } = options
  const { cycleWeights: [weightA, weightB] = [10, 10], identityWeight = 0.5, penaltyWeight = 10 } = options
  const judge = ganLosses[gan]
  const nets: Readonly<Record<GanPart, Model>> = {
    G_A: prefixModel('G_A', generator),
    G_B: prefixModel('G_B', generator),
    D_A: prefixModel('D_A', discriminator),
    D_B: prefixModel('D_B', discriminator),
  }
  // A discriminator that runs twice in a step goes on from the statistics that its first run left.
  const run = (part: GanPart, params: ParamValues, x: g.Value, pass: TrainingPass) =>
    nets[part].apply({ ...params, ...Object.fromEntries(pass.updates) }, x, pass)
  // One batch through a generator is faster than several; images do not see each other in it.
  const runTogether = (part: GanPart, params: ParamValues, parts: readonly g.Value[], pass: TrainingPass) =>
    g.split(
      run(part, params, g.concat(parts, 0), pass),
      0,
      parts.map(({ shape }) => shape[0] as number),
    )

  return {
    params: Object.assign({}, ...Object.values(nets).map(({ params }) => params)),
    generator,
    view,
    writeGenerators(params, pass, shape) {
      const [realA, realB] = [g.input('real_A', shape), g.input('real_B', shape)]
      const show = (images: g.Value, time: number) =>
        view.show(images, view.drawShape.length > 0 ? g.input(`draw.${time}`, view.drawShape) : undefined)
      const [plainA, plainB] =
        identityWeight > 0 ? [[view.showPlain(realA)], [view.showPlain(realB)]] : [[], []]
      const [fakeB, ...idtA] = runTogether('G_A', params, [show(realA, 0), ...plainB], pass)
      const [fakeA, ...idtB] = runTogether('G_B', params, [show(realB, 2), ...plainA], pass)
      const recA = run('G_B', params, show(fakeB, 1), pass)
      const recB = run('G_A', params, show(fakeA, 3), pass)
      const losses: Record<string, g.Value> = {
        G_A: judge(run('D_A', params, fakeB, pass), true),
        G_B: judge(run('D_B', params, fakeA, pass), true),
        cycle_A: g.mul(meanAbsoluteError(recA, realA), weightA),
        cycle_B: g.mul(meanAbsoluteError(recB, realB), weightB),
      }
      const images: Record<string, g.Value> = { fake_B: fakeB, rec_A: recA, fake_A: fakeA, rec_B: recB }
      for (const [name, weight, own, real] of [
        ['idt_A', weightB, idtA, realB],
        ['idt_B', weightA, idtB, realA],
      ] as const) {
        if (own.length === 0) continue
        images[name] = own[0]
        losses[name] = g.mul(meanAbsoluteError(own[0], real), weight * identityWeight)
      }
      const named = Object.entries(images).map(([name, image]) => [`images/${name}`, image])
      return { loss: addAll(Object.values(losses)), reports: { ...losses, ...Object.fromEntries(named) } }
    },
    writeDiscriminators(params, pass, shape) {
      const score = (part: 'D_A' | 'D_B', domain: 'A' | 'B') => {
        const [real, fake] = [g.input(`real_${domain}`, shape), g.input(`fake_${domain}`, shape)]
        const discriminate = (images: g.Value) => run(part, params, images, pass)
        const both = [judge(discriminate(real), true), judge(discriminate(fake), false)]
        const loss = g.mul(addAll(both), 0.5)
        if (gan !== 'wgangp' || penaltyWeight === 0) return loss
        const shares = g.input(`shares_${domain}`, [shape[0], 1, 1, 1])
        return g.add(loss, gradientPenalty(discriminate, real, fake, shares, penaltyWeight))
      }
      const losses = { D_A: score('D_A', 'B'), D_B: score('D_B', 'A') }
      return { loss: addAll(Object.values(losses)), reports: losses }
    },
    writeTranslation: (params, images, pass = inferencePass) =>
      generator.apply(params, view.showInUse(images), pass),
  }
}

function addAll(values: readonly g.Value[]): g.Value {
  return values.reduce((sum, value) => g.add(sum, value))
}
