// What others than the workbench's own pages may not: every way in is tried.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SetEntry } from '../../src/serve/index.ts'
import { type Client, openWorkplace, type Workplace } from './workplace.ts'

let place: Workplace
let client: Client
beforeAll(async () => {
  place = await openWorkplace()
  mkdirSync(place.at('runs', 'plain'), { recursive: true })
  writeFileSync(place.at('runs', 'plain', 'manifest.json'), '{}')
  writeFileSync(place.at('secret.txt'), 'a secret')
  writeFileSync(place.at('secret.html'), 'a secret')
  client = await place.serve()
})
afterAll(() => place.close())

describe('the session', () => {
  it('is opened once by the token, in a cookie that no script and no other site has', async () => {
    const { server, askPlainly } = await place.serve()
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)
    const { pathname, search } = new URL(server.address)
    const again = await askPlainly(pathname + search)
    expect(again.status).toBe(403)
    expect(again.headers['set-cookie']).toBeUndefined()
    expect(again.json()).toMatchObject({ error: { got: expect.stringContaining('used before') } })
  })

  it('sets an HttpOnly, SameSite=Strict cookie and leads to the first page', async () => {
    const { beginSession } = await import('../../src/serve/session.ts')
    const session = beginSession(4711)
    const secret = session.exchange(session.token)!
    expect(session.setCookie(secret)).toMatch(/^eosin-4711=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(session.exchange(session.token)).toBeNull()
    expect(session.isKnown(`a=b; eosin-4711=${secret}`)).toBe(true)
    expect(session.isKnown(`eosin-4712=${secret}`)).toBe(false)
    expect(session.isKnown(`eosin-4711=${secret}x`)).toBe(false)
  })

  it.each([
    '/',
    '/assets/main.js',
    '/api/session',
    '/api/runs',
    '/api/nothing',
    '/?token=',
  ])('is asked for %s', async (path) => {
    const answer = await client.askPlainly(path)
    expect(answer.status).toBe(403)
    expect(answer.json()).toMatchObject({ error: { where: 'session' } })
  })

  it('of another server is none', async () => {
    const other = await place.serve()
    expect((await client.ask('/api/runs', { headers: { cookie: other.cookie } })).status).toBe(403)
    expect((await client.ask('/api/runs')).status).toBe(200)
  })
})

describe('another site', () => {
  it.each([
    'evil.example',
    'localhost',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]',
    '127.0.0.1.evil.example:80',
  ])('that calls the server %s is refused', async (host) => {
    const answer = await client.ask('/api/runs', { headers: { host } })
    expect(answer.status).toBe(403)
    expect(answer.json()).toMatchObject({ error: { where: 'Host', got: host } })
  })

  it.each([
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    'https://127.0.0.1',
  ])('of origin %s is refused, also for reading', async (origin) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await client.ask('/api/runs', { method, headers: { origin } })
      expect(answer.status).toBe(403)
      expect(answer.json()).toMatchObject({ error: { where: 'Origin', got: origin } })
    }
  })

  it('on this machine is another site', async () => {
    const headers = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }
    expect((await client.ask('/api/runs', { headers })).status).toBe(403)
    expect((await client.ask('/api/runs', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
  })

  it('cannot write without an origin, nor with what a form sends', async () => {
    const post = (headers: Record<string, string | null>) =>
      client.ask('/api/studies', { method: 'POST', body: {}, headers })
    expect((await post({ origin: null })).status).toBe(403)
    expect((await post({ 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post({ 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
    expect((await post({})).status).toBe(404) // it is heard, and names no recipe
  })

  it('finds every answer closed to it', async () => {
    for (const path of ['/', '/api/runs', '/api/nothing']) {
      const { headers } = await client.ask(path)
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'self'")
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
    }
  })

  it('cannot send more than a request needs', async () => {
    const body = { recipe: 'x'.repeat(70_000) }
    expect((await client.ask('/api/studies', { method: 'POST', body })).status).toBe(413)
  })
})

describe('a path', () => {
  const ways = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/assets//../../secret.txt',
    '/./secret.txt',
    '/api/runs/..%2f..',
    '/api/runs/..%2fdata',
    '/api/runs/%2e%2e/report',
    '/api/runs/plain%2f..%2f..%2fdata/report',
    '/api/runs/%00/report',
    '/api/sets/run-..%2f..%2fdata/columns',
    '/api/sets/run-../columns',
    `/api/sets/${encodeURIComponent('data-../../secret.txt')}/columns`,
  ]
  it.each(ways)('%s leads nowhere', async (path) => {
    const answer = await client.ask(path)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).not.toContain('a secret')
  })

  it('by a link out of the folder of runs is refused', async () => {
    mkdirSync(place.at('elsewhere'))
    writeFileSync(place.at('elsewhere', 'study.json'), '{"format":"a secret"}')
    symlinkSync(place.at('elsewhere'), place.at('runs', 'linked'))
    mkdirSync(place.at('runs', 'inner'))
    writeFileSync(place.at('runs', 'inner', 'manifest.json'), '{}')
    symlinkSync(place.at('secret.html'), place.at('runs', 'inner', 'report.html'))
    for (const path of ['linked', 'linked/status', 'linked/report', 'inner/report', 'inner/status']) {
      const answer = await client.ask(`/api/runs/${path}`)
      expect(answer.status).toBe(403)
      expect(answer.text).not.toContain('a secret')
    }
    const { runs } = (await client.ask('/api/runs')).json<{ runs: { name: string; problem: unknown }[] }>()
    const linked = runs.find(({ name }) => name === 'linked')
    expect(linked?.problem).toMatchObject({ got: expect.stringContaining('a link to') })
  })

  it('by a link out of the data is refused, and so is a picture that a table names elsewhere', async () => {
    mkdirSync(place.at('pictures'))
    mkdirSync(place.at('outside'))
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX///+/v7+jQ3Y5AAAADklEQVQI12P4AIX8EAgALgAD/aNpbtEAAAAASUVORK5CYII',
      'base64',
    )
    writeFileSync(place.at('outside', 'a.png'), png)
    symlinkSync(place.at('outside', 'a.png'), place.at('pictures', 'a.png'))
    mkdirSync(place.at('table'))
    writeFileSync(place.at('table', 'list.csv'), 'path,label\n../outside/a.png,1\n')
    symlinkSync(place.at('data', 'train.h5'), place.at('table', 'link.h5'))
    const own = await place.serve({
      data: [place.at('pictures'), place.at('table', 'list.csv'), place.at('table')],
    })
    const { sets } = (await own.ask('/api/sets')).json<{ sets: SetEntry[] }>()
    const data = sets.filter(({ kind }) => kind === 'data')
    expect(data.map(({ title }) => title)).toEqual(['pictures', 'list.csv', 'table/link.h5'])
    for (const { id } of data) {
      const answer = await own.ask(`/api/sets/${id}/columns`)
      expect([403, 422]).toContain(answer.status)
      expect(JSON.stringify(answer.json())).toMatch(/link to|outside/)
    }
  })
})

describe('what files say', () => {
  it('is data, never markup: a script in the name of a file', async () => {
    const name = '<img src=x onerror=alert(1)>.h5'
    mkdirSync(place.at('odd'))
    writeFileSync(place.at('odd', name), readFileSync(place.at('data', 'val.h5')))
    const own = await place.serve({ data: [place.at('odd')] })
    const answer = await own.ask('/api/sets')
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.json<{ sets: SetEntry[] }>().sets.some(({ title }) => title === `odd/${name}`)).toBe(true)
  })

  it('is not opened where it is something else: a zip of pictures as patches', async () => {
    mkdirSync(place.at('zip'))
    const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(200, 7)])
    writeFileSync(place.at('zip', 'patches.h5'), zip)
    const own = await place.serve({ data: [place.at('zip')] })
    const { sets } = (await own.ask('/api/sets')).json<{ sets: SetEntry[] }>()
    const { id } = sets.find(({ title }) => title === 'zip/patches.h5')!
    const answer = await own.ask(`/api/sets/${id}/columns`)
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({ error: { where: place.at('zip', 'patches.h5') } })
  })

  it('is shown as a report without an origin and without a way out', async () => {
    writeFileSync(place.at('runs', 'plain', 'report.html'), '<script>1</script>')
    const { status, headers } = await client.ask('/api/runs/plain/report')
    expect(status).toBe(200)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain('sandbox allow-scripts;')
    expect(policy).not.toContain('allow-same-origin')
    expect(policy).not.toContain('connect-src')
    expect(policy).toContain("default-src 'none'")
  })
})
