// The bench's state: the pictures, the method as it is set up, and what the worker made of both.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { OptionRules } from '../../../../src/base/index.ts'
import { classicalMethods, type StainMethod, type Verdict } from '../../../../src/stain/browser.ts'
import type { StainFigures, StainHandlers } from '../../workers/stainWorker.ts'
import { describeFailure, type Failure, openTalk, type Talk } from '../../workers/talk.ts'
import { readCenter } from './texts.ts'

export type Options = Readonly<Record<string, unknown>>
// biome-ignore lint/suspicious/noExplicitAny: the table's methods have options and fits of their own
export type Method = StainMethod<any, any> & { readonly rules: OptionRules<Record<string, unknown>> }

export const methods = classicalMethods as unknown as Readonly<Record<string, Method>>

/** A picture on the bench. */
export interface BenchPicture {
  readonly id: string
  readonly name: string
  readonly center: string
  readonly isSynthetic: boolean
  readonly width: number
  readonly height: number
  readonly before: ImageBitmap
}

/** What became of one. */
export interface Outcome {
  readonly after: ImageBitmap
  readonly verdict: Verdict
  readonly reason: string | null
  readonly milliseconds: number
  readonly method: string
}

/** A picture's outcome under the setting that is shown, and how far the work is. */
export interface Work {
  /** The setting that the work is done under, or was. */
  readonly key: string
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly figures: StainFigures | null
  readonly done: number
  readonly total: number
  /** All of it is done, the figures too. */
  readonly isWhole: boolean
  readonly failure: Failure | null
}

const noWork: Work = {
  key: '',
  outcomes: new Map(),
  figures: null,
  done: 0,
  total: 0,
  isWhole: true,
  failure: null,
}

// Sides of a synthetic sample in pixels, and how many there are of each center.
const sample = { size: 256, perCenter: 2 }

export function useBench() {
  const talk = useRef<Talk<StainHandlers>>(null)
  const [pictures, setPictures] = useState<readonly BenchPicture[]>([])
  const [failures, setFailures] = useState<readonly Failure[]>([])
  const [isTaking, setTaking] = useState('')
  const [method, setMethod] = useState('macenko')
  const [optionsOf, setOptionsOf] = useState<Readonly<Record<string, Options>>>({})
  const [references, setReferences] = useState<readonly string[]>([])
  const [work, setWork] = useState<Work>(noWork)
  const [resets, setResets] = useState(0)
  const run = useRef(0)
  const options = { ...methods[method].defaults, ...optionsOf[method] } as Options

  useEffect(() => {
    const worker = new Worker(new URL('../../workers/stainWorker.ts', import.meta.url), { type: 'module' })
    talk.current = openTalk<StainHandlers>(worker)
    return () => talk.current?.end()
  }, [])

  const centers = pictures.map(({ id, center }) => [id, center] as const)
  const order = {
    method,
    options,
    references,
    ids: pictures.map(({ id }) => id),
    centers: Object.fromEntries(centers),
  }
  const key = JSON.stringify(order)
  useEffect(() => {
    const mine = ++run.current
    const isLatest = () => mine === run.current
    if (pictures.length === 0) return setWork({ ...noWork, key })
    const start = setTimeout(async () => {
      setWork((before) => ({
        ...before,
        key,
        done: 0,
        total: pictures.length,
        isWhole: false,
        failure: null,
      }))
      try {
        const answer = await talk.current!.ask('normalise', order, ({ id, picture, ...outcome }) => {
          if (!isLatest()) return
          setWork((before) => ({
            ...before,
            outcomes: new Map(before.outcomes).set(id, { ...outcome, method, after: picture }),
            done: before.done + 1,
          }))
        })
        if (answer && isLatest()) setWork((before) => ({ ...before, figures: answer.figures, isWhole: true }))
      } catch (cause) {
        if (isLatest()) setWork({ ...noWork, key, failure: describeFailure(cause) })
      }
    }, 60) // a slider that is dragged asks many times
    return () => clearTimeout(start)
  }, [key])

  const take = async (files: readonly File[], asReference = false) => {
    setFailures([])
    for (const [i, file] of files.entries()) {
      setTaking(`Reading picture ${i + 1} of ${files.length}`)
      const id = `${file.name} ${crypto.randomUUID()}`
      try {
        const { picture, ...sides } = await talk.current!.ask('take', { id, file, name: file.name })
        const entry = {
          id,
          name: file.name,
          center: readCenter(file.webkitRelativePath || file.name),
          isSynthetic: false,
        }
        setPictures((before) => [...before, { ...entry, ...sides, before: picture }])
        if (asReference) setReferences((before) => [...before, id])
      } catch (cause) {
        setFailures((before) => [...before, describeFailure(cause)])
      }
    }
    setTaking('')
  }

  const makeSamples = async () => {
    setTaking('Rendering synthetic samples')
    try {
      const made = await talk.current!.ask('makeSynthetic', sample)
      setPictures((before) => [
        ...before.filter(({ isSynthetic }) => !isSynthetic),
        ...made.map(({ picture, ...entry }) => ({ ...entry, before: picture, isSynthetic: true })),
      ])
    } catch (cause) {
      setFailures([describeFailure(cause)])
    }
    setTaking('')
  }

  const drop = (ids: readonly string[]) => {
    const gone = new Set(ids)
    setPictures((before) => before.filter(({ id }) => !gone.has(id)))
    setReferences((before) => before.filter((id) => !gone.has(id)))
    talk.current!.ask('drop', { ids })
  }

  return {
    pictures,
    failures,
    isTaking,
    method,
    options,
    references,
    work,
    /** What is shown is not yet that of the setting. */
    isBusy: isTaking !== '' || work.key !== key || !work.isWhole,
    take,
    makeSamples,
    drop,
    setMethod,
    setOption: (name: string, value: unknown) =>
      setOptionsOf((before) => ({ ...before, [method]: { ...before[method], [name]: value } })),
    resets,
    resetOptions: () => {
      setOptionsOf((before) => ({ ...before, [method]: {} }))
      setResets(resets + 1)
    },
    toggleReference: (id: string) =>
      setReferences((before) =>
        before.includes(id) ? before.filter((other) => other !== id) : [...before, id],
      ),
    setCenter: (id: string, center: string) =>
      setPictures((before) =>
        before.map((picture) => (picture.id === id ? { ...picture, center } : picture)),
      ),
    encode: (id: string) => talk.current!.ask('encode', { id }),
  }
}

export type Bench = ReturnType<typeof useBench>
