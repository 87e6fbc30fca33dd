import { createServer, type Server, type ServerResponse } from 'node:http'
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
/** Address and authorization of each request, by server. */
let seen: { url: string; authorization: string | undefined }[][]
let endpoint: string
/** What the Hub answers about the revision. */
let body: string | Buffer
/** Where the Hub sends those who ask, if it does. */
let location: string | undefined

const list = () => listRepository('org/clip', 'main', endpoint, connection)
const info = (...siblings: unknown[]) => JSON.stringify({ id: 'org/clip', sha: commit, siblings })
const small = (rfilename: unknown, changes = {}) => ({ rfilename, size: 5, blobId: sha1, ...changes })

async function startServer(answer: (response: ServerResponse) => void): Promise<string> {
  const requests: (typeof seen)[number] = []
  seen.push(requests)
  const server = createServer(({ url, headers }, response) => {
    requests.push({ url: url!, authorization: headers.authorization })
    answer(response)
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeEach(async () => {
  servers = []
  seen = []
  location = undefined
  endpoint = await startServer((response) =>
    response.writeHead(location ? 307 : 200, location ? { location } : {}).end(body),
  )
  body = info(small('config.json'))
})
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

it('gives the commit and, for each file, size and hash of the content rather than of its pointer', async () => {
  const lfs = { sha256, size: 7_000, pointerSize: 130 }
  body = info(small('config.json', { lfs: null }), small('model.safetensors', { size: 7_000, lfs }))
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

it('asks once, with the token, for a revision of any form', async () => {
  await listRepository('org/clip', 'refs/pr/1', endpoint, connection)
  const url = '/api/models/org/clip/revision/refs%2Fpr%2F1?blobs=true'
  expect(seen[0]).toEqual([{ url, authorization: 'Bearer hf_secret' }])
})

it('does not show the token to another host that it is sent to', async () => {
  const otherHost = await startServer((response) => response.end(info(small('b.json'))))
  location = `${otherHost}/anywhere`
  expect([...(await list()).names]).toEqual(['b.json'])
  expect(seen[1]).toEqual([{ url: '/anywhere', authorization: undefined }])
})

it('ends where an answer does not', async () => {
  body = Buffer.alloc((16 << 20) + 1, ' ')
  await expect(list()).rejects.toThrow('answer is too long')
})

it.each(['../evil', '/etc/evil', '..', 'folder/evil', 'folder\\evil', 'C:evil', ''])(
  'leaves out a file called %j, which could be written outside the cache',
  async (path) => {
    body = info(small(path), small('config.json'))
    expect([...(await list()).names]).toEqual(['config.json'])
  },
)

it.each([
  ['a login page', '<html>'],
  ['nothing', ''],
  ['no information', 'null'],
  ['no list of files', JSON.stringify({ sha: commit })],
  ['a list that is none', JSON.stringify({ sha: commit, siblings: {} })],
  ['a list of nothings', info(null)],
  ['a file without a name', info(small(undefined))],
])('says that the address is no Hub when it answers with %s', async (_, answer) => {
  body = answer
  const error = await list().catch((e: unknown) => e)
  expect(error).toBeInstanceOf(UserError)
  expect(String(error)).toContain(`${endpoint} gives an unusable answer for org/clip`)
  expect((error as UserError).hint).toContain('HF_ENDPOINT')
})

it('does not take a commit that is none, which becomes part of a path', async () => {
  body = info().replace(commit, '../../evil')
  await expect(list()).rejects.toThrow('unusable commit "../../evil"')
})

it.each([
  ['a short hash', { blobId: 'abc' }],
  ['a hash that is a path', { lfs: { sha256: '../../evil', size: 5, pointerSize: 130 } }],
  ['the hash of its pointer alone', { lfs: { pointerSize: 130 } }],
  ['a negative size', { size: -5 }],
  ['no size', { size: null }],
  ['a size that is no whole number', { size: 0.5 }],
])('refuses a file with %s when it is asked for, not before', async (_, changes) => {
  body = info(small('config.json'), small('model.bin', changes))
  const listing = await list()
  expect(listing.file('config.json').size).toBe(5)
  expect(() => listing.file('model.bin')).toThrow(/unusable hash or size of model\.bin/)
})
