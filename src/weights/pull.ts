// Fetching weights from the hub into the cache, and finding them there again.

import { stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { type Progress, silent, WeightsError } from '../base/index.ts'
import { describeFile, downloadFile, type HubFileInfo } from './download.ts'
import {
  blobPath,
  checkInnerName,
  findCached,
  importedRevision,
  linkSnapshot,
  repoFolder,
  writeRef,
} from './hubCache.ts'
import { type Hub, type HubFile, HubUnreachableError, NoSuchFileError } from './hubRequest.ts'
import { type HubSettings, readHubSettings } from './hubSettings.ts'
import type { ModelCard } from './modelCard.ts'
import { readShardNames } from './shards.ts'

/** What to fetch; settings that are not given come from the environment. */
export interface PullRequest extends Partial<HubSettings> {
  readonly repo: string
  readonly files: readonly string[]
  /** Branch, tag or commit; `main` where not given. */
  readonly revision?: string
  readonly onProgress?: Progress
  /** Milliseconds before the second try (1,000), and without a byte until a connection is given up (60,000). */
  readonly retryDelay?: number
  readonly stallTimeout?: number
}

/** A file in the cache. */
export interface PulledFile {
  readonly file: string
  readonly path: string
  readonly bytes: number
  /** Whether it was there already. */
  readonly cached: boolean
}

/** What a pull gave. */
export interface PulledWeights {
  readonly repo: string
  /** The commit that was fetched; null where only the cache was asked. */
  readonly commit: string | null
  readonly files: readonly PulledFile[]
}

/**
 * Fetches files of a repository into the cache, and the shards of each index among them. Resumes, verifies and
 * skips what is there. Throws WeightsError saying what to do: no access, no such file, damaged, no room, offline.
 */
export async function pullWeights(request: PullRequest): Promise<PulledWeights> {
  const settings = readHubSettings(request)
  const revision = request.revision ?? 'main'
  const wanted = [...request.files]
  const files: PulledFile[] = []
  let commit: string | null = null
  for (let i = 0; i < wanted.length; i++) {
    checkInnerName('file', wanted[i])
    const pulled: PulledOfCommit = settings.offline
      ? await takeCached(request.repo, revision, wanted[i], settings)
      : await pullFile(
          request,
          { repo: request.repo, revision: commit ?? revision, file: wanted[i] },
          revision,
          settings,
        )
    files.push(pulled)
    commit = pulled.commit ?? commit // later files are of the same commit, whatever happens to the branch
    if (wanted[i].endsWith('.index.json')) wanted.push(...(await listShards(pulled.path, wanted[i])))
  }
  return {
    repo: request.repo,
    commit,
    files: files.map(({ file, path, bytes, cached }) => ({ file, path, bytes, cached })),
  }
}

/** Fetches a known model's weights: the first of its card's files that the repository has. Throws as pullWeights. */
export async function pullModel(
  card: ModelCard,
  request: Omit<PullRequest, 'repo' | 'files'> = {},
): Promise<PulledWeights> {
  if (card.repo === '') {
    throw new WeightsError({ where: card.title, got: 'no repository', hint: 'use `eosin weights import`' })
  }
  let missing: NoSuchFileError | undefined
  for (const file of card.files) {
    try {
      return await pullWeights({ ...request, repo: card.repo, files: [file] })
    } catch (error) {
      if (!(error instanceof NoSuchFileError)) throw error
      missing ??= error
    }
  }
  throw new WeightsError(
    {
      where: card.repo,
      expected: `one of ${card.files.join(', ')}`,
      got: missing?.parts.got,
      hint: missing?.parts.hint,
    },
    missing,
  )
}

/** The path of a model's weights in the cache (fetched or imported), or null. Never uses the network. */
export async function locateWeights(
  card: ModelCard,
  given: Partial<HubSettings> & { revision?: string } = {},
): Promise<string | null> {
  const { cacheDir } = readHubSettings(given)
  const folder = repoFolder(cacheDir, cacheName(card))
  for (const revision of [given.revision ?? 'main', importedRevision]) {
    for (const file of card.files) {
      const path = await findCached(folder, revision, file)
      if (path) return path
    }
  }
  return null
}

/** The repository under which a model is cached; one that has none has its title's. */
export function cacheName({ repo, title }: ModelCard): string {
  return repo || `local/${title.replace(/[^\w.-]+/g, '-')}`
}

type PulledOfCommit = PulledFile & { readonly commit: string | null }

async function pullFile(
  request: PullRequest,
  file: HubFile,
  branch: string,
  settings: HubSettings,
): Promise<PulledOfCommit> {
  const { retryDelay = 1000, stallTimeout = 60_000, onProgress = silent } = request
  const hub: Hub = { endpoint: settings.endpoint, token: settings.token, retryDelay, stallTimeout }
  const folder = repoFolder(settings.cacheDir, file.repo)
  let info: HubFileInfo
  try {
    info = await describeFile(hub, file)
  } catch (error) {
    // Without the hub, what was fetched before is as good as ever.
    const path = error instanceof HubUnreachableError && (await findCached(folder, file.revision, file.file))
    if (!path) throw error
    return { file: file.file, path, bytes: (await stat(path)).size, cached: true, commit: null }
  }
  const blob = blobPath(folder, info.hash)
  const cached = await stat(blob).then(
    () => true,
    () => false,
  )
  if (!cached) await downloadFile(hub, { ...file, revision: info.commit }, info, blob, onProgress)
  const path = await linkSnapshot(folder, info.commit, file.file, info.hash)
  await writeRef(folder, branch, info.commit)
  return { file: file.file, path, bytes: (await stat(blob)).size, cached, commit: info.commit }
}

async function takeCached(
  repo: string,
  revision: string,
  file: string,
  { cacheDir }: HubSettings,
): Promise<PulledOfCommit> {
  const path = await findCached(repoFolder(cacheDir, repo), revision, file)
  if (path) return { file, path, bytes: (await stat(path)).size, cached: true, commit: null }
  throw new NoSuchFileError({
    where: `${repo}/${file}`,
    expected: `revision '${revision}' in ${cacheDir}`,
    got: 'not fetched, and offline',
    hint: 'fetch it where there is a network and copy the folder, or run `eosin weights import`',
  })
}

async function listShards(indexPath: string, indexName: string): Promise<string[]> {
  const folder = posix.dirname(indexName)
  return (await readShardNames(indexPath)).map((file) => (folder === '.' ? file : posix.join(folder, file)))
}
