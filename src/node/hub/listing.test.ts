import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from '../../core/errors.js'
import type { Connection } from './download.js'
import { listRepository } from './listing.js'

const connection: Connection = { token: 'hf_secret', timeoutMs: 5_000, retryDelayMs: 5 }
const commit = 'c'.repeat(40)
const sha1 = 'a'.repeat(40)
const sha256 = 'b'.repeat(64)

let servers: Server[]
/** Authorization of each request, by server. */
let seen: (string | undefined)[][]
let endpoint: string
let otherHost: string
/** What the Hub answers: about the revision, and each page of the files with the address of the next. */
let info: string
let pages: { body: string; next?: string }[]

const list = () => listRepository('org/clip', 'main', endpoint, connection)
const files = (...entries: unknown[]) => JSON.stringify(entries)
const small = (path: unknown, changes = {}) => ({ type: 'file', path, size: 5, oid: sha1, ...changes })

async function startServer(): Promise<string> {
  const requests: (string | undefined)[] = []
  seen.push(requests)
  const server = createServer(({ url, headers }, response) => {
    requests.push(headers.authorization)
    if (!url!.includes('/tree/')) return response.end(info)
    const { body, next } = pages.length > 1 ? pages.shift()! : pages[0]!
    return response.writeHead(200, next ? { link: `<${next}>; rel="next"` } : {}).end(body)
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeEach(async () => {
  servers = []
  seen = []
  endpoint = await startServer()
  otherHost = await startServer()
  info = JSON.stringify({ _id: '1', id: 'org/clip', sha: commit, lastModified: '2024-01-01' })
  pages = [{ body: files(small('config.json')) }]
})
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

it('gives the commit and, for each file, size and hash of the content rather than of its pointer', async () => {
  const lfs = { oid: sha256, size: 7_000, pointerSize: 130 }
  pages = [{ body: files(small('config.json'), small('model.safetensors', { lfs }), { type: 'directory' }) }]
  const listing = await list()
  expect(listing.commit).toBe(commit)
  expect([...listing.names]).toEqual(['config.json', 'model.safetensors'])
  expect(listing.file('config.json')).toEqual({
    size: 5,
    checksum: { kind: 'git-blob', hex: sha1, size: 5 },
  })
  expect(listing.file('model.safetensors')).toEqual({
    size: 7_000,
    checksum: { kind: 'sha256', hex: sha256 },
  })
})

it('reads on where the list of files is divided', async () => {
  pages = [
    { body: files(small('a.json')), next: `${endpoint}/api/models/org/clip/tree/${commit}?cursor=1` },
    { body: files(small('b.json')) },
  ]
  expect([...(await list()).names]).toEqual(['a.json', 'b.json'])
  expect(seen[0]).toEqual(Array(3).fill('Bearer hf_secret'))
})

it('does not show the token to another host that the list names for its next page', async () => {
  pages = [{ body: files(), next: `${otherHost}/tree/` }, { body: files(small('b.json')) }]
  expect([...(await list()).names]).toEqual(['b.json'])
  expect(seen[1]).toEqual([undefined])
})

it('ends where a list of files does not', async () => {
  pages = [{ body: files(), next: `${endpoint}/api/models/org/clip/tree/${commit}` }]
  await expect(list()).rejects.toThrow('the list of files does not end')
})

it.each(['../evil', '/etc/evil', '..', 'folder/evil', 'folder\\evil', 'C:evil', ''])(
  'leaves out a file called %j, which could be written outside the cache',
  async (path) => {
    pages = [{ body: files(small(path), small('config.json')) }]
    expect([...(await list()).names]).toEqual(['config.json'])
  },
)

it.each([
  ['a login page', '<html>', '[]'],
  ['no information', 'null', '[]'],
  ['a list that is none', undefined, '{}'],
  ['a list of nothings', undefined, '[null]'],
  ['a page in place of the list', undefined, '<html>'],
])('says that the address is no Hub when it answers with %s', async (_, revision, tree) => {
  info = revision ?? info
  pages = [{ body: tree }]
  const error = await list().catch((e: unknown) => e)
  expect(error).toBeInstanceOf(UserError)
  expect(String(error)).toContain(`${endpoint} gives an unusable answer for org/clip`)
  expect((error as UserError).hint).toContain('HF_ENDPOINT')
})

it('does not take a commit that is none, which becomes part of a path', async () => {
  info = info.replace(commit, '../../evil')
  await expect(list()).rejects.toThrow('unusable commit "../../evil"')
})

it.each([
  ['a short hash', { oid: 'abc' }],
  ['a hash that is a path', { lfs: { oid: '../../evil', size: 5, pointerSize: 130 } }],
  ['a negative size', { size: -5 }],
  ['no size', { size: null }],
])('refuses a file with %s when it is asked for, not before', async (_, changes) => {
  pages = [{ body: files(small('config.json'), small('model.bin', changes)) }]
  const listing = await list()
  expect(listing.file('config.json').size).toBe(5)
  expect(() => listing.file('model.bin')).toThrow(/unusable hash or size of model\.bin/)
})
