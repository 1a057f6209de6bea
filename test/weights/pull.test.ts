import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DataError, f32, openRandom, UsageError, WeightsError } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import {
  locateWeights,
  type ModelCard,
  openCheckpoint,
  type PullRequest,
  pullModel,
  pullWeights,
  usualFiles,
} from '../../src/weights/index.ts'
import { gitHash, type HubServer, sha256, startHub } from './hubServer.ts'

const random = openRandom(0, 'hub')
const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.integer(256)))
const config = Buffer.from('{"hidden_size": 384}')
const shardBytes = Buffer.from(writeSafetensors({ a: f32([2], [1, 2]) }))
const indexBytes = Buffer.from(JSON.stringify({ weight_map: { a: 'model-00001-of-00001.safetensors' } }))
const hash = sha256(weights)

let hub: HubServer
let cacheDir: string
let repoDir: string

beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'eosin-hub-'))
  repoDir = join(cacheDir, 'models--org--model')
  vi.stubEnv('HF_HOME', cacheDir)
  vi.stubEnv('HF_TOKEN', '')
  hub = await startHub({
    'pytorch_model.bin': { content: weights, lfs: true },
    'config.json': { content: config, lfs: false },
    'sub/model.safetensors.index.json': { content: indexBytes, lfs: false },
    'sub/model-00001-of-00001.safetensors': { content: shardBytes, lfs: true },
  })
})
afterEach(async () => {
  await hub.close()
  vi.unstubAllEnvs()
  rmSync(cacheDir, { recursive: true })
})

const pull = (options: Partial<PullRequest> = {}) =>
  pullWeights({
    repo: 'org/model',
    files: ['pytorch_model.bin'],
    endpoint: hub.endpoint,
    cacheDir,
    token: 'hf_secret',
    offline: false,
    retryDelay: 1,
    stallTimeout: 2000,
    ...options,
  })
const blob = (name: string) => join(repoDir, 'blobs', name)
const bodies = () => hub.seen.filter(({ method, host }) => method === 'GET' && host === 'storage')

function leavePart(bytes: Buffer, validator?: string): void {
  mkdirSync(join(repoDir, 'blobs'), { recursive: true })
  writeFileSync(blob(`${hash}.incomplete`), bytes)
  if (validator) writeFileSync(blob(`${hash}.incomplete.validator`), validator)
}

describe('pullWeights', () => {
  it("lays the files out as Hugging Face's tools do", async () => {
    const reported: number[] = []
    const { commit, files } = await pull({
      files: ['pytorch_model.bin', 'config.json'],
      onProgress: (done) => reported.push(done),
    })
    expect(commit).toBe(hub.commit)
    expect(files.map(({ file, bytes, cached }) => ({ file, bytes, cached }))).toEqual([
      { file: 'pytorch_model.bin', bytes: 300_000, cached: false },
      { file: 'config.json', bytes: config.length, cached: false },
    ])
    expect(readFileSync(join(repoDir, 'refs/main'), 'utf8')).toBe(hub.commit)
    const link = join(repoDir, 'snapshots', hub.commit, 'pytorch_model.bin')
    expect(readlinkSync(link)).toBe(`../../blobs/${hash}`)
    expect(readFileSync(link).equals(weights)).toBe(true)
    expect(readdirSync(join(repoDir, 'blobs')).sort()).toEqual([hash, gitHash(config)].sort())
    expect(reported.at(-1)).toBe(config.length)
    expect(reported).toContain(300_000)
  })

  it('sends the token to the hub and never to where it redirects', async () => {
    hub.token = 'hf_secret'
    await pull()
    const hubRequests = hub.seen.filter(({ host }) => host === 'hub')
    expect(hubRequests.map(({ authorization }) => authorization)).toEqual(
      hubRequests.map(() => 'Bearer hf_secret'),
    )
    expect(bodies().map(({ authorization }) => authorization)).toEqual([undefined])
  })

  it('follows a repository to its new name', async () => {
    const { files } = await pull({ repo: 'old/model' })
    expect(readFileSync(files[0].path).equals(weights)).toBe(true)
  })

  it('fetches nothing twice', async () => {
    await pull()
    const { files } = await pull()
    expect(files[0].cached).toBe(true)
    expect(bodies()).toHaveLength(1)
  })

  it('fetches the shards that an index names', async () => {
    const { files } = await pull({ files: ['sub/model.safetensors.index.json'] })
    expect(files.map(({ file }) => file)).toEqual([
      'sub/model.safetensors.index.json',
      'sub/model-00001-of-00001.safetensors',
    ])
    const checkpoint = await openCheckpoint(files[0].path)
    expect((await checkpoint.read('a')).data).toEqual(Float32Array.of(1, 2))
    await checkpoint.close()
  })

  it('goes on by itself where a connection is cut, each time where it stopped', async () => {
    hub.faults.cutAfter = { bytes: 70_000, times: 3 }
    const { files } = await pull()
    expect(readFileSync(files[0].path).equals(weights)).toBe(true)
    const starts = bodies().map(({ range }) => Number(/\d+/.exec(range ?? '0')![0]))
    expect(starts).toHaveLength(4)
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
    expect(starts[3]).toBeGreaterThan(100_000)
    expect(bodies()[3].ifRange).toBe('"storage-1"')
  })

  it('goes on in a later run where an earlier one was killed', async () => {
    leavePart(weights.subarray(0, 123_456), '"storage-1"')
    await pull()
    expect(bodies().map(({ range, ifRange }) => [range, ifRange])).toEqual([['bytes=123456-', '"storage-1"']])
    expect(readFileSync(blob(hash)).equals(weights)).toBe(true)
    expect(readdirSync(join(repoDir, 'blobs'))).toEqual([hash])
  })

  it('begins again where the storage has other content now, or knows no ranges', async () => {
    leavePart(Buffer.alloc(1000, 7), '"storage-0"')
    await pull()
    expect(readFileSync(blob(hash)).equals(weights)).toBe(true)
    rmSync(repoDir, { recursive: true })
    leavePart(weights.subarray(0, 5000))
    hub.faults.noRanges = true
    await pull()
    expect(readFileSync(blob(hash)).equals(weights)).toBe(true)
  })

  it('verifies a whole file that was left unmoved without fetching it again', async () => {
    leavePart(weights)
    await pull()
    expect(bodies()).toEqual([])
    expect(existsSync(blob(hash))).toBe(true)
  })

  it.each([
    'pytorch_model.bin',
    'config.json',
  ])('removes %s where its hash is wrong, and says so', async (file) => {
    hub.faults.corrupt = true
    const pulling = pull({ files: [file] })
    await expect(pulling).rejects.toThrow(WeightsError)
    await expect(pulling).rejects.toThrow(/expected content of hash .* damaged and was removed/)
    expect(readdirSync(join(repoDir, 'blobs'))).toEqual([])
    hub.faults.corrupt = false
    expect((await pull({ files: [file] })).files[0].cached).toBe(false)
  })

  it('says how much came where the connection is cut again and again, and keeps it', async () => {
    hub.faults.cutAfter = { bytes: 0, times: 100 }
    leavePart(weights.subarray(0, 9000))
    await expect(pull()).rejects.toThrow(/HF_ENDPOINT/)
    expect(statSync(blob(`${hash}.incomplete`)).size).toBe(9000)
    expect(bodies()).toHaveLength(5)
  })

  it('asks again after an answer that may pass, and after silence', async () => {
    hub.faults.status = { status: 503, times: 2 }
    hub.faults.silent = 1
    const { files } = await pull({ stallTimeout: 300 })
    expect(files[0].bytes).toBe(300_000)
  })

  it.each([
    [{ token: null }, undefined, /401 .*accept its licence on http.*org\/model.*settings\/tokens.*HF_TOKEN/],
    [{ token: 'hf_wrong' }, undefined, /your account may not read it yet: accept its licence on http/],
    [{}, { status: 403, code: 'GatedRepo', times: 1 }, /403; your account may not read it yet/],
    [{}, { status: 401, times: 1 }, /401; the token is not valid/],
    [{ repo: 'org/absent' }, undefined, /404; look at http.*org\/absent/],
    [{}, { status: 404, code: 'RevisionNotFound', times: 1 }, /no revision 'main'/],
    [{ files: ['absent.bin'] }, undefined, /org\/model\/absent\.bin: expected a file of the repository/],
  ] satisfies [
    Partial<PullRequest>,
    HubServer['faults']['status'],
    RegExp,
  ][])('says what to do: %j %j', async (options, status, message) => {
    hub.token = 'hf_secret'
    if (status) hub.faults.status = { ...status }
    await expect(pull(options)).rejects.toThrow(message)
  })

  it('works offline afterwards, and says what is not there', async () => {
    await pull({ files: ['pytorch_model.bin'] })
    const requests = hub.seen.length
    const { files } = await pull({ offline: true })
    expect(readFileSync(files[0].path).equals(weights)).toBe(true)
    await expect(pull({ offline: true, files: ['config.json'] })).rejects.toThrow(
      /not fetched, and offline; .*weights import/,
    )
    expect(hub.seen).toHaveLength(requests)
  })

  it('takes what is there where the hub is out of reach', async () => {
    await pull()
    const endpoint = hub.endpoint
    await hub.close()
    const { files } = await pull({ endpoint })
    expect(files[0].cached).toBe(true)
    await expect(pull({ endpoint, files: ['config.json'] })).rejects.toThrow(/no connection \(ECONNREFUSED\)/)
    hub = await startHub({})
  })

  it('asks for room before it fetches', async () => {
    hub.faults.claimedSize = 2 ** 52
    await expect(pull()).rejects.toThrow(/GiB of room .*HF_HUB_CACHE/)
    expect(bodies()).toEqual([])
  })

  it.skipIf(!existsSync('/dev/full'))('says where the disk is full', async () => {
    mkdirSync(join(repoDir, 'blobs'), { recursive: true })
    symlinkSync('/dev/full', blob(`${hash}.incomplete`))
    const pulling = pull()
    await expect(pulling).rejects.toThrow(DataError)
    await expect(pulling).rejects.toThrow(/no space.*the disk is full/)
  })

  it.each(['../config.json', '/etc/passwd', 'a//b', 'a\\b', ''])('refuses the file name %j', async (file) => {
    await expect(pull({ files: [file] })).rejects.toThrow(UsageError)
  })

  it.each(['..', 'a/b/c', '../x', 'a/..'])('refuses the repository %j', async (repo) => {
    await expect(pull({ repo })).rejects.toThrow(UsageError)
  })
})

describe('pullModel', () => {
  const card = { title: 'Model', repo: 'org/model', files: usualFiles } as unknown as ModelCard

  it("takes the first of the model's files that is there", async () => {
    const options = { endpoint: hub.endpoint, cacheDir, retryDelay: 1, offline: false }
    expect(await locateWeights(card, { cacheDir })).toBe(null)
    const { files } = await pullModel(card, options)
    expect(files.map(({ file }) => file)).toEqual(['pytorch_model.bin'])
    expect(await locateWeights(card, { cacheDir })).toBe(files[0].path)
    await expect(pullModel({ ...card, files: ['x.bin'] }, options)).rejects.toThrow(
      /org\/model: expected one of x\.bin/,
    )
  })
})
