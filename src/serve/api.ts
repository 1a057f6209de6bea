// What the server says, as types: the pages of the workbench read the same. Types and values that run in a browser.

import type { ErrorParts } from '../base/index.ts'
import type { PairedDifference } from '../evaluate/index.ts'
import type { Origin } from '../patches/browser.ts'
import type { Split } from '../runs/browser.ts'
import type { LogLine } from '../runs/logTail.ts'
import type { StagePace } from '../runs/pace.ts'

/** The body of every answer that is none: what is wrong, in Eosin's form. */
export interface ApiProblem {
  readonly error: ErrorParts
}

/** `GET /api/session`. */
export interface SessionInfo {
  /** Version of Eosin. */
  readonly version: string
  /** The folder of runs, as it was given. */
  readonly runs: string
  /** What else may be read, as it was given. */
  readonly data: readonly string[]
}

/** A share with its 95 % interval, 0 to 1. */
export interface ShareWithInterval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * What a run is at the moment: `starting` until its process holds the folder, `running` while one does, `done` with results,
 * `stopped` before its end, `failed` by itself, or `damaged`.
 */
export type RunState = 'starting' | 'running' | 'done' | 'stopped' | 'failed' | 'damaged'

/** A run in the list: `GET /api/runs` gives `{ runs: RunEntry[] }`. */
export interface RunEntry {
  readonly name: string
  readonly state: RunState
  /** When its folder was last written to (ISO 8601). */
  readonly when: string
  /** Version of Eosin that wrote its results; null where there are none. */
  readonly version: string | null
  readonly origin: Origin | null
  readonly cells: number | null
  readonly chosen: string | null
  /** Of the chosen cell, and on which patches; null where it has none. */
  readonly accuracy: (ShareWithInterval & { readonly on: 'test' | 'held-out centers' | 'val' }) | null
  readonly hasReport: boolean
  /** What is wrong with its files; null where nothing is. */
  readonly problem: ErrorParts | null
  /** What a reader should know besides, in sentences. */
  readonly notes: readonly string[]
}

/** A cell of a run. */
export interface CellRow {
  readonly id: string
  readonly stain: string
  readonly embed: string
  readonly classify: string
  readonly isChosen: boolean
  readonly heldOut: ShareWithInterval | null
  readonly val: ShareWithInterval
  readonly test: ShareWithInterval | null
  readonly valAuroc: ShareWithInterval | null
  readonly testAuroc: ShareWithInterval | null
}

/** `GET /api/runs/:name`. */
export interface RunDetail extends RunEntry {
  readonly seeds: number
  readonly chosenBy: string
  readonly table: readonly CellRow[]
  /** What puts its metrics in doubt, in sentences. */
  readonly warnings: readonly string[]
}

/** `GET /api/runs/:name/status`. */
export interface RunProgress {
  readonly name: string
  readonly state: RunState
  readonly counts: Readonly<Record<'done' | 'running' | 'failed' | 'skipped' | 'waiting', number>>
  readonly stages: readonly StagePace[]
  readonly running: readonly {
    readonly stage: string
    readonly what: string
    readonly items: number
    readonly since: string | null
    readonly host: string
  }[]
  readonly failed: readonly { readonly stage: string; readonly what: string; readonly reason: string }[]
  /** null where nothing runs. */
  readonly secondsLeft: number | null
  /** Stages of which nothing is done yet, whose time is not in `secondsLeft`. */
  readonly unknownStages: readonly string[]
  readonly log: readonly LogLine[]
  /** Whether a process of this machine works for it that can be stopped here. */
  readonly canCancel: boolean
  /** Why how far it is cannot be said; null where it can. */
  readonly problem: ErrorParts | null
}

/** A recipe that a study can be started from: `GET /api/recipes` gives `{ recipes: RecipeEntry[] }`. */
export interface RecipeEntry {
  /** Names it in `POST /api/studies`. */
  readonly id: string
  /** Its path, as the folder it lies in was given. */
  readonly path: string
  /** What its run would be called; null where it cannot be read. */
  readonly name: string | null
  readonly problem: ErrorParts | null
}

/** The body of `POST /api/studies`: a recipe, or a run that is to go on. */
export interface StudyOrder {
  readonly recipe?: string
  readonly run?: string
  /** The results of another recipe under the same name may be replaced. */
  readonly replace?: boolean
}

/** Its answer: the run that was begun. */
export interface StartedStudy {
  readonly name: string
  readonly process: number
}

/** `GET /api/compare?a=NAME&b=NAME`. */
export interface ComparedRuns {
  readonly runs: readonly {
    readonly letter: string
    readonly name: string
    readonly origin: Origin
    readonly version: string
    readonly missing: readonly string[]
    readonly added: readonly string[]
  }[]
  readonly comparisons: readonly {
    readonly cell: string
    readonly split: 'val' | 'test'
    readonly first: ShareWithInterval
    readonly other: ShareWithInterval
    readonly paired: PairedDifference
    /** p, adjusted for all comparisons (Holm). */
    readonly adjusted: number
    readonly transductive: boolean
  }[]
  readonly notes: readonly string[]
}

/** A set of patches that can be looked at: `GET /api/sets` gives `{ sets: SetEntry[] }`. */
export interface SetEntry {
  /** Names it in all other calls. */
  readonly id: string
  readonly title: string
  readonly kind: 'data' | 'run'
  /** Of a run: its name. */
  readonly run: string | null
  readonly problem: ErrorParts | null
}

/** Labels of patches as numbers: 0 normal, 1 tumour, 255 unknown. */
export const unknownLabel = 255

/**
 * What is known of every patch of a set, a row a patch: `GET /api/sets/:id/columns`, as `readColumns` reads it. Names are
 * listed once; columns hold their places.
 */
export interface SetColumns {
  readonly id: string
  readonly title: string
  readonly run: string | null
  readonly origin: Origin
  readonly count: number
  /** Pixels. */
  readonly height: number
  readonly width: number
  readonly ids: readonly string[]
  /** Empty in a set that has no splits. */
  readonly splitNames: readonly Split[]
  readonly centerNames: readonly string[]
  readonly slideNames: readonly string[]
  /** `''` first: passed. */
  readonly ruleNames: readonly string[]
  /** `''` first: not known. */
  readonly verdictNames: readonly string[]
  /** Stain methods of which verdicts are known. */
  readonly stains: readonly string[]
  /** Cells whose probabilities are known, the chosen one first. */
  readonly cells: readonly string[]
  /** At which probability the chosen cell predicts tumour; null where that differs between centers or is not known. */
  readonly threshold: number | null
  readonly split: Uint8Array
  /** -1 where it is not known, as in `slide`. */
  readonly center: Int32Array
  readonly slide: Int32Array
  readonly label: Uint8Array
  /** The quality rule by which a patch was rejected, as a place in `ruleNames`. */
  readonly rule: Uint8Array
  /** By stain method, places in `verdictNames`. */
  readonly verdicts: Readonly<Record<string, Uint8Array>>
  /** What a reader should know besides, in sentences. */
  readonly notes: readonly string[]
}

/** `GET /api/sets/:id/patches/:index/probabilities`: of tumour, by cell; null where a cell has none of this patch. */
export interface PatchProbabilities {
  readonly cells: readonly { readonly cell: string; readonly probability: number | null }[]
}

/** `GET /api/sets/:id/patches/:index/nearest?count=N`. */
export interface NearestPatches {
  /** Whose embeddings were compared, `<stain>/<embed>`. */
  readonly embeddings: string
  readonly nearest: readonly {
    /** Row of the set. */
    readonly index: number
    /** Cosine of the angle between the two embeddings, -1 to 1. */
    readonly cosine: number
  }[]
}

/** How embeddings are laid out in a plane. */
export type MapMethod = 'pca' | 'umap'

/** `GET /api/runs/:name/embeddings`. */
export interface EmbeddingList {
  /** The set that the rows of maps belong to. */
  readonly set: string
  /** `<stain>/<embed>`, those that the chosen cell stands on first. */
  readonly embeddings: readonly { readonly name: string; readonly splits: readonly string[] }[]
  /** Why there are none; null where there are some. */
  readonly note: string | null
}

/** `GET /api/runs/:name/embeddings/map?of=<stain>/<embed>&method=M` with status 202: how far the map is. */
export interface MapProgress {
  readonly what: string
  readonly done: number
  readonly total: number
  /** Of `done` and `total`. */
  readonly unit: string
}

/** The same with status 200, as `readMap` reads it: a point for each patch, in the order of the set. */
export interface EmbeddingMap {
  readonly of: string
  readonly method: MapMethod
  readonly origin: Origin
  /** How many patches have embeddings; where there are more than points, those were drawn by their content. */
  readonly total: number
  /** The shares of the variance that the two axes of PCA hold; null for UMAP. */
  readonly explained: readonly number[] | null
  readonly x: Float32Array
  readonly y: Float32Array
  /** Rows of the set. */
  readonly row: Int32Array
  /** Places in the set's `splitNames`. */
  readonly split: Uint8Array
}

/** What somebody holds of a label. */
export type DoubtedAs = 'tumour' | 'normal' | 'unclear'

/** A label that is doubted. */
export interface Doubt {
  /** The file or folder of the patch. */
  readonly source: string
  readonly id: string
  /** As the data has it: 0 or 1; null where it has none. */
  readonly label: 0 | 1 | null
  readonly as: DoubtedAs
  readonly note: string
  /** When (ISO 8601). */
  readonly at: string
}

/** The body of `POST /api/sets/:id/doubts`; `as: null` takes a doubt back. */
export interface DoubtOrder {
  readonly index: number
  readonly as: DoubtedAs | null
  readonly note?: string
}

/** `GET` and `POST /api/sets/:id/doubts`: the doubts of the set, by row, and the file that keeps them. */
export interface SetDoubts {
  readonly file: string
  readonly doubts: readonly (Doubt & { readonly index: number })[]
}

/** The sides of a thumbnail whose longer side is `size` pixels, at most those of the patch. */
export function thumbnailSides(
  { height, width }: { readonly height: number; readonly width: number },
  size: number,
): { height: number; width: number } {
  const scale = Math.min(1, size / Math.max(height, width))
  return { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) }
}
