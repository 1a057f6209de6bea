// Training: the one loop, its schedules, stopping and checkpoints, and what is trained through it.
//
// A classifier on embeddings:
//   const { params, curve, bestEpoch } = await trainModel({
//     model: mlp({ inputs: 768, hidden: [512, 256, 128], dropout: [0.5, 0.5] }),
//     train: { x, y }, val: { x, y },            // x f32 [rows, 768], y f32 [rows, 1] of 0 and 1
//     loss: bceWithLogits, metrics: { accuracy: binaryAccuracy },
//     optimizer: adamW({ learningRate: 1e-3, weightDecay: 0.01, decay: 'weights' }),
//     batchSize: 256, epochs: 100, schedule: plateauRate(), earlyStopping: { patience: 10 }, seed: 0,
//   })
// Anything else (several steps a batch, streamed data) is a Task for runLoop, with steps from openStep.

export { type CycleGan, type CycleGanOptions, cycleGan, type GanPart, type Objective } from './cycleGan.ts'
export type { Draw } from './draw.ts'
export { type EarlyStopping, findBestEpoch, shouldStop } from './earlyStopping.ts'
export type { EpochResult, Figures } from './epoch.ts'
export type { Measure } from './evaluator.ts'
export { type GanTaskOptions, type ImageSource, makeGanTask } from './ganTask.ts'
export {
  type GanStep,
  type GanTraining,
  type GanTrainingOptions,
  ganAdam,
  openGanTraining,
} from './ganTraining.ts'
export { type GeneratorView, grayView, multistainJitter, plainView } from './generatorView.ts'
export { type ImagePool, openImagePool } from './imagePool.ts'
export {
  type LoopOptions,
  type LoopResult,
  runLoop,
  type StepPlace,
  type Task,
} from './loop.ts'
export type { Samples } from './samples.ts'
export {
  constantRate,
  fixedRates,
  linearDecayRate,
  type PlateauOptions,
  plateauRate,
  type Schedule,
} from './schedule.ts'
export { copyArrays, initParams, openState, restoreArrays, type TrainState } from './state.ts'
export { openStep, type StepOptions, type StepSpec, type TrainingStep } from './step.ts'
export { type Trained, type TrainingObjective, type TrainOptions, trainModel } from './supervised.ts'
export { measureMoments, openTranslator, pickPart, type Translator } from './translator.ts'
