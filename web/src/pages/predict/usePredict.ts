// The state of the page Predict: the pipeline, the pictures, and the probabilities of their patches.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { ProviderChoice, ProviderName } from '../../../../src/engine/browser.ts'
import type { OpenedPipeline, PredictedPatch, PredictHandlers } from '../../workers/predictWorker.ts'
import { describeFailure, type Failure, openTalk, type Talk } from '../../workers/talk.ts'

/** A picture, and the probabilities of its patches, row by row: NaN where one is not predicted yet. */
export interface PredictPicture {
  readonly id: string
  readonly name: string
  readonly width: number
  readonly height: number
  readonly rows: number
  readonly columns: number
  readonly bitmap: ImageBitmap
  readonly probabilities: Float32Array
}

/** How far a prediction is. */
export interface Prediction {
  readonly state: 'none' | 'running' | 'whole' | 'cancelled'
  readonly done: number
  readonly total: number
  /** Time in the pipeline alone, milliseconds. */
  readonly milliseconds: number
}

/** What the page knows of the runtime. */
export type Runtime =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly providers: readonly ProviderName[] }
  | { readonly state: 'failed'; readonly failure: Failure }

const idle: Prediction = { state: 'none', done: 0, total: 0, milliseconds: 0 }

export function usePredict() {
  const talk = useRef<Talk<PredictHandlers>>(null)
  const [runtime, setRuntime] = useState<Runtime>({ state: 'loading' })
  const [pipeline, setPipeline] = useState<(OpenedPipeline & { readonly file: File }) | null>(null)
  const [pictures, setPictures] = useState<readonly PredictPicture[]>([])
  const [failures, setFailures] = useState<readonly Failure[]>([])
  const [status, setStatus] = useState('')
  const [prediction, setPrediction] = useState(idle)
  const [threshold, setThreshold] = useState(0.5)

  useEffect(() => {
    const worker = new Worker(new URL('../../workers/predictWorker.ts', import.meta.url), { type: 'module' })
    talk.current = openTalk<PredictHandlers>(worker)
    talk.current.ask('warm', null).then(
      (providers) => setRuntime({ state: 'ready', providers }),
      (cause) => setRuntime({ state: 'failed', failure: describeFailure(cause) }),
    )
    return () => talk.current?.end()
  }, [])

  const clear = () => {
    talk.current!.ask('drop', { ids: pictures.map(({ id }) => id) })
    setPictures([])
    setPrediction(idle)
  }

  const open = async (file: File, provider: ProviderChoice = 'auto') => {
    setFailures([])
    setStatus(`Opening ${file.name} (${(file.size / 1e6).toFixed(1)} MB)`)
    try {
      const opened = await talk.current!.ask('open', { file, provider })
      const isAlike =
        opened.patch.width === pipeline?.patch.width && opened.patch.height === pipeline?.patch.height
      if (!isAlike) clear()
      else setPictures((before) => before.map(forget))
      setPrediction(idle)
      setPipeline({ ...opened, file })
      setThreshold(opened.threshold)
    } catch (cause) {
      setPipeline(null)
      clear()
      setFailures([describeFailure(cause)])
    }
    setStatus('')
  }

  const take = async (files: readonly File[]) => {
    setFailures([])
    setPrediction(idle)
    for (const [i, file] of files.entries()) {
      setStatus(`Reading picture ${i + 1} of ${files.length}`)
      const id = crypto.randomUUID()
      try {
        const { picture, ...sides } = await talk.current!.ask('take', { id, file, name: file.name })
        const probabilities = new Float32Array(sides.rows * sides.columns).fill(Number.NaN)
        setPictures((before) => [
          ...before,
          { id, name: file.name, ...sides, bitmap: picture, probabilities },
        ])
      } catch (cause) {
        setFailures((before) => [...before, describeFailure(cause)])
      }
    }
    setStatus('')
  }

  const predict = async () => {
    setFailures([])
    setPictures((before) => before.map(forget))
    const total = pictures.reduce((sum, { probabilities }) => sum + probabilities.length, 0)
    setPrediction({ ...idle, state: 'running', total })
    try {
      const ids = pictures.map(({ id }) => id)
      const { isWhole, milliseconds } = await talk.current!.ask('predict', { ids }, (done) => {
        setPictures((before) => fillIn(before, done))
        setPrediction((before) => ({ ...before, done: before.done + done.length }))
      })
      setPrediction((before) => ({ ...before, state: isWhole ? 'whole' : 'cancelled', milliseconds }))
    } catch (cause) {
      setPrediction(idle)
      setFailures([describeFailure(cause)])
    }
  }

  return {
    runtime,
    pipeline,
    pictures,
    failures,
    status,
    prediction,
    threshold,
    setThreshold,
    open,
    take,
    clear,
    predict,
    cancel: () => talk.current!.ask('cancel', null),
  }
}

function forget(picture: PredictPicture): PredictPicture {
  return { ...picture, probabilities: new Float32Array(picture.probabilities.length).fill(Number.NaN) }
}

function fillIn(pictures: readonly PredictPicture[], done: readonly PredictedPatch[]): PredictPicture[] {
  const byPicture = new Map<string, PredictedPatch[]>()
  for (const patch of done) {
    const own = byPicture.get(patch.id)
    if (own) own.push(patch)
    else byPicture.set(patch.id, [patch])
  }
  return pictures.map((picture) => {
    const own = byPicture.get(picture.id)
    if (!own) return picture
    const probabilities = picture.probabilities.slice()
    for (const { index, probability } of own) probabilities[index] = probability
    return { ...picture, probabilities }
  })
}

export type Predict = ReturnType<typeof usePredict>
