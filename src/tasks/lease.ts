// A lease: a file that one process at a time holds, and with it the right to write what lies beside. It names its holder
// by host, process and the moment this process began, and is touched every few seconds: a holder that was killed is
// known at once on its own machine, and by its silence on any other. docs/decisions/0010-leases.md says why.

import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { DataError, describeCause, systemCode } from '../base/index.ts'
import { explainWriteError, trackUnfinished } from '../files/index.ts'

/** Who holds a lease. */
export interface Holder {
  readonly host: string
  readonly process: number
  /** Where process numbers mean what they say: host, its boot and the space of process numbers (containers have their own). */
  readonly space: string
  /** When the process began, in ticks since the boot, so that a number given anew is told apart; null where not known. */
  readonly began: string | null
  /** Of this one lease. */
  readonly token: string
}

/** A lease that is held. */
export interface Lease {
  /** Whether it still is: one silent for too long, as of a machine that slept, may have been taken over. */
  isHeld(): Promise<boolean>
  /** Gives it back, unless it has been taken over. */
  release(): Promise<void>
}

/** How a lease is waited for. */
export interface LeaseOptions {
  /** Told once of each holder that is waited for, in a sentence. */
  readonly onWait?: (sentence: string) => void
  /** Milliseconds between signs of life. */
  readonly beatMs?: number
  /** Milliseconds of silence after which a holder that cannot be asked counts as dead; work may block for long. */
  readonly silenceMs?: number
}

const usualBeatMs = 5_000
const usualSilenceMs = 120_000
const longestPollMs = 1_000

/** Takes the lease at `path`, waiting while another holds it. Throws DataError where the file cannot be written. */
export async function takeLease(path: string, options: LeaseOptions = {}): Promise<Lease> {
  const own = describeSelf()
  let waitedFor = ''
  for (let pollMs = 20; ; pollMs = Math.min(longestPollMs, 1.5 * pollMs)) {
    const { lease, holder } = await claimLease(path, own, options)
    if (lease) return lease
    const token = holder?.token ?? 'unknown'
    if (token !== waitedFor)
      options.onWait?.(`${path}: held by ${describeHolder(holder, own)}; waiting for it`)
    waitedFor = token
    await setTimeout(pollMs)
  }
}

/** Takes the lease at `path`, or null where a living process holds it. Throws as `takeLease` does. */
export async function tryLease(path: string): Promise<Lease | null> {
  return (await claimLease(path, describeSelf(), {})).lease
}

/** Whether a living process holds the lease at `path`. */
export async function isLeaseHeld(path: string): Promise<boolean> {
  const holder = await readHolder(path)
  return holder !== 'gone' && (await isAlive(path, holder, describeSelf(), usualSilenceMs))
}

/** A process, and its machine. */
export type Place = Pick<Holder, 'host' | 'process'>

/** The living process that holds the lease at `path`; null where none does, or it does not say its name. Changes nothing. */
export async function findHolder(path: string): Promise<Place | null> {
  const holder = await readHolder(path)
  if (holder === 'gone' || holder === null) return null
  const isThere = await isAlive(path, holder, describeSelf(), usualSilenceMs).catch(() => true) // a disk that is read only
  return isThere ? { host: holder.host, process: holder.process } : null
}

/**
 * The number of the living process of this machine that holds the lease at `path`: the same process that took it, told apart
 * from one that was given its number later. Null where no process of this machine does, or the system does not tell when a
 * process began. Changes nothing.
 */
export async function findLocalHolder(path: string): Promise<number | null> {
  const holder = await readHolder(path)
  if (holder === 'gone' || holder === null) return null
  const { space, began, process: number } = holder
  const isLocal = space === describeSelf().space && Number.isSafeInteger(number) && number > 1
  return isLocal && began !== null && began === readBegin(number) ? number : null
}

/** Does `work` under the lease at `path`, which is given back however it ends. */
export async function withLease<Result>(
  path: string,
  options: LeaseOptions,
  work: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  const lease = await takeLease(path, options)
  try {
    return await work(lease)
  } finally {
    await lease.release()
  }
}

// The lease, or the living process that holds it: null where it does not say its name. The dead lose it.
async function claimLease(
  path: string,
  own: Holder,
  { silenceMs = usualSilenceMs, beatMs = usualBeatMs }: LeaseOptions,
): Promise<
  | { readonly lease: Lease; readonly holder?: never }
  | { readonly lease: null; readonly holder: Holder | null }
> {
  for (;;) {
    const made = await create(path, own)
    if (made) return { lease: keep(path, own, made, beatMs) }
    const holder = await readHolder(path)
    if (holder === 'gone') continue
    if (await isAlive(path, holder, own, silenceMs)) return { lease: null, holder }
    await removeLease(path, holder?.token, own, silenceMs)
  }
}

// A file that was made for a holder. A process that is told to end removes it, unless `untrack` was called.
interface Claim {
  readonly file: FileHandle
  untrack(): void
}

// Makes a new file for a holder; null where there is one already. Creating is atomic, on shared disks too.
async function create(path: string, own: Holder): Promise<Claim | null> {
  try {
    closeSync(openSync(path, 'wx')) // at once, so that no signal comes between this and the next line
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return null
    throw explainWriteError(path, cause)
  }
  const { done: untrack } = trackUnfinished(path)
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r+')
    await giveSign(file, own)
    return { file, untrack }
  } catch (cause) {
    await file?.close()
    await rm(path, { force: true })
    untrack()
    throw explainWriteError(path, cause)
  }
}

// Flushed, so that other machines see it.
async function giveSign(file: FileHandle, own: Holder): Promise<void> {
  await file.write(JSON.stringify(own), 0)
  await file.datasync()
}

// Signs of life are written through the open file: should another have taken over, they reach the removed file only. The
// file system dates them, so that machines need not agree on the time.
function keep(path: string, own: Holder, { file, untrack }: Claim, beatMs: number): Lease {
  const isHeld = async () => {
    const holder = await readHolder(path)
    return holder !== 'gone' && holder?.token === own.token
  }
  let beating = Promise.resolve()
  const beat = async () => {
    await giveSign(file, own)
    if (!(await isHeld())) untrack() // it is another's now
  }
  const timer = setInterval(() => {
    beating = beating.then(beat).catch(() => {}) // a full disk is the work's to report
  }, beatMs)
  timer.unref()
  return {
    isHeld,
    async release() {
      clearInterval(timer)
      await beating
      await file.close().catch(() => {})
      await removeLease(path, own.token, own, usualSilenceMs)
      untrack()
    },
  }
}

// Removes a lease as long as it is the one called `token` (undefined: one that names nobody). Whoever removes one holds
// a guard beside it, so that between looking and removing nobody can put another in its place.
async function removeLease(
  path: string,
  token: string | undefined,
  own: Holder,
  silenceMs: number,
): Promise<void> {
  const guard = `${path}.guard`
  let claim: Claim | null | 'none'
  for (;;) {
    claim = await create(guard, own).catch(() => 'none' as const) // the disk is full, or the folder was removed
    if (claim) break
    const holder = await readHolder(guard)
    if (holder !== 'gone' && !(await isAlive(guard, holder, own, silenceMs))) await rm(guard, { force: true })
    await setTimeout(5)
  }
  try {
    const holder = await readHolder(path)
    if (holder !== 'gone' && holder?.token === token) await rm(path, { force: true })
  } finally {
    if (claim !== 'none') await claim.file.close()
    rmSync(guard, { force: true }) // with the next line in one go: then it may be another's
    if (claim !== 'none') claim.untrack()
  }
}

// null: a file that names nobody, as one that is just being written.
async function readHolder(path: string): Promise<Holder | null | 'gone'> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw new DataError({ where: path, expected: 'a lease', got: describeCause(cause) }, cause)
  })
  if (text === null) return 'gone'
  try {
    const holder = JSON.parse(text) as Holder | null
    return typeof holder?.token === 'string' ? holder : null
  } catch {
    return null
  }
}

// A process of the same space is asked itself; of any other, the silence counts.
async function isAlive(
  path: string,
  holder: Holder | null,
  own: Holder,
  silenceMs: number,
): Promise<boolean> {
  if (holder?.space === own.space) {
    if (holder.began !== null) return readBegin(holder.process) === holder.began
    if (!isRunning(holder.process)) return false
  }
  return (await measureSilence(path)) < silenceMs
}

// Milliseconds since a file was written, by the clock of its file system: that of a file written now. One dated long
// after now was left before the clock was set back.
async function measureSilence(path: string): Promise<number> {
  const probe = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    await writeFile(probe, '')
    const now = (await stat(probe)).mtimeMs
    return Math.abs(now - (await stat(path)).mtimeMs)
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return 0 // given back meanwhile
    throw explainWriteError(path, cause)
  } finally {
    await rm(probe, { force: true })
  }
}

function describeSelf(): Holder {
  return {
    host: hostname(),
    process: process.pid,
    space: [
      hostname(),
      readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
      readOr(() => readlinkSync('/proc/self/ns/pid')),
    ].join(' '),
    began: readBegin(process.pid),
    token: randomBytes(12).toString('hex'),
  }
}

function describeHolder(holder: Holder | null, own: Holder): string {
  if (!holder) return 'another process'
  return `process ${holder.process}${holder.space === own.space ? '' : ` on ${holder.host}`}`
}

// Field 22 of /proc/<pid>/stat; the second, a name, may hold anything. A zombie holds nothing any more.
function readBegin(pid: number): string | null {
  const text = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.length < 20 || 'ZX'.includes(fields[0]) ? null : fields[19]
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return systemCode(cause) === 'EPERM'
  }
}

function readOr(read: () => string): string {
  try {
    return read()
  } catch {
    return '-'
  }
}
