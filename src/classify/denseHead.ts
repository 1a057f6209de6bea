// A dense network as a head: calibrated on val, run by the engine, kept as JSON, safetensors and ONNX.

import type { NdArray } from '../base/index.ts'
import { coolNetwork, type DenseNetwork, dimensionsOf, emitDense, openDense } from './denseNetwork.ts'
import { checkFinite, checkShape } from './embeddings.ts'
import type { EpochRecord, FitHooks, Head, LabelledEmbeddings } from './head.ts'
import { packHead, unpackHead } from './headFiles.ts'
import { listStandardization, readStandardization } from './standardize.ts'
import { type Calibration, calibrations } from './temperature.ts'

/** What head.json says beside the weights. */
export interface DenseRecord {
  readonly kind: string
  readonly options: object
  /** How it was made to hold on other centers, where it was. */
  readonly robust?: object
  readonly curve: readonly EpochRecord[]
  /** What the fit selected on val. */
  readonly chosen: object
}

/** Fits the temperature on val, where asked for, and makes the head. */
export async function finishDense(
  network: DenseNetwork,
  val: LabelledEmbeddings,
  calibrate: Calibration,
  record: DenseRecord,
  { threads, settled }: FitHooks = {},
): Promise<Head> {
  if (calibrate === 'none') return makeDenseHead(network, record, threads)
  const temperature =
    (settled?.chosen.temperature as number | undefined) ??
    calibrations[calibrate](await computeLogits(network, val.x, threads), val.y)
  const chosen = { ...record.chosen, temperature }
  return makeDenseHead(coolNetwork(network, temperature), { ...record, chosen }, threads)
}

async function computeLogits(
  network: DenseNetwork,
  x: NdArray<'f32'>,
  threads?: number,
): Promise<Float32Array> {
  const open = openDense(network, threads)
  try {
    return await open.run(x, 'logit')
  } finally {
    await open.close()
  }
}

function makeDenseHead(network: DenseNetwork, record: DenseRecord, threads?: number): Head {
  const open = openDense(network, threads)
  return {
    kind: record.kind,
    curve: record.curve,
    predict(x) {
      const where = `${record.kind} predict`
      checkShape(where, x, dimensionsOf(network))
      checkFinite(where, x)
      return open.run(x, 'probability')
    },
    close: open.close,
    async serialize() {
      return { ...packHead({ ...record }, tensorsOf(network)), 'head.onnx': emitDense(network) }
    },
  }
}

/** Reads back a head that `serialize` wrote. */
export async function loadDense(
  files: Readonly<Record<string, Uint8Array>>,
  kind: string,
  threads?: number,
): Promise<Head> {
  const { record, tensors } = unpackHead(files, kind)
  const layers: DenseNetwork['layers'][number][] = []
  while (`layers.${layers.length}.weight` in tensors) {
    const name = `layers.${layers.length}`
    layers.push({
      weight: tensors[`${name}.weight`] as NdArray<'f32'>,
      bias: tensors[`${name}.bias`] as NdArray<'f32'>,
    })
  }
  return makeDenseHead(
    { standardization: readStandardization(tensors), layers },
    record as unknown as DenseRecord,
    threads,
  )
}

function tensorsOf({ standardization, layers }: DenseNetwork): Record<string, NdArray> {
  const tensors = listStandardization(standardization)
  layers.forEach(({ weight, bias }, i) => {
    tensors[`layers.${i}.weight`] = weight
    tensors[`layers.${i}.bias`] = bias
  })
  return tensors
}
