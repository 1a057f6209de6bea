// What a task is: one entry that a study makes in the cache, in plain JSON.

import type { Alignment } from '../adapt/index.ts'
import type { Split } from '../runs/record.ts'
import type { CacheInputs, Cost } from '../tasks/index.ts'

/** What each kind of task is about: names of the recipe. Plain JSON. */
export interface Subjects {
  /** Hashes patches. */
  readonly hash: { readonly split: Split }
  /** Looks for patches of the second split that look like one of the first; of one split, for those of two centers. */
  readonly compare: { readonly first: Split; readonly second: Split }
  readonly filter: { readonly split: Split }
  /** Fits a stain, or the one that it is distilled from. */
  readonly fit: { readonly stain: string; readonly isTeacher?: true }
  /** Fits a stain on the slides and centers of a split; `augment` names what training patches are restained towards. */
  readonly groups: { readonly split: Split; readonly stain?: string; readonly augment?: string }
  /** Normalises the patches of a split once for all who need them. */
  readonly pixels: { readonly split: Split; readonly stain: string }
  readonly embed: {
    readonly split: Split
    readonly stain: string
    readonly augment: string
    readonly embed: string
  }
  /** Measures the maps of the centers of a pair's embeddings. */
  readonly align: {
    readonly stain: string
    readonly augment: string
    readonly embed: string
    readonly align: Exclude<Alignment, 'none'>
  }
  /** Trains a head, without the center `held` where it names one. */
  readonly head: { readonly cell: string; readonly seed: number; readonly held?: string }
  readonly evaluation: { readonly cell: string }
  /** Measures how an aligned cell depends on the share of tumour in the target. */
  readonly shares: { readonly cell: string }
  /** Trains the chosen cell again on all labelled patches. */
  readonly refit: { readonly seed: number }
  readonly effect: { readonly stain: string }
  readonly signature: { readonly stain: string; readonly augment: string; readonly embed: string }
}

/** What a task does: hashes patches, filters them, fits a stain or its groups, and so on down to the figures. */
export type TaskKind = keyof Subjects

/** One entry that a study makes in the cache. Plain JSON. */
export type Task = { readonly [Kind in TaskKind]: TaskOf<Kind> }[TaskKind]

/** A task of one kind. */
export interface TaskOf<Kind extends TaskKind> {
  readonly kind: Kind
  /** In a few words, of what. */
  readonly what: string
  /** Of what, by name. */
  readonly of: Subjects[Kind]
  /** What it is made from; the entry's key is their hash. */
  readonly inputs: CacheInputs
  /** Keys of the entries that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  /** Keys of others that it waits for where they are to be made too: they save it work. */
  readonly after?: readonly string[]
  /** How many patches it looks at, at most; rows for heads. */
  readonly items: number
  /** What decides how long it takes, and how much it writes. */
  readonly cost: Cost
  /** It runs networks on the device that was asked for; not there where it does not. */
  readonly usesDevice?: true
  /** Made only for one that needs it: where that one is there, nobody misses it. */
  readonly isMeans?: true
  /** It rests on a stain that is fitted on unlabelled patches of the test split; not there where it does not. */
  readonly transductive?: true
}
