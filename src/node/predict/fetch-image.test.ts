import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ImageError } from '../../core/errors.js'
import { fetchImage, isAddress, isPublic } from './fetch-image.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function served(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const here = { allowPrivate: true, retryDelayMs: 1 }

describe('an image of the web', () => {
  it('is fetched over redirects, without cookies and tokens', async () => {
    const seen: unknown[] = []
    const at = await served((request, response) => {
      seen.push(request.headers.authorization, request.headers.cookie)
      if (request.url === '/a') response.writeHead(302, { location: '/b', 'set-cookie': 'x=1' }).end()
      else response.end('pixels')
    })
    expect(Buffer.from(await fetchImage(`${at}/a`, here)).toString()).toBe('pixels')
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  it('is asked for again where the server is overloaded, but not where it is not there', async () => {
    let asked = 0
    const at = await served(({ url }, response) => {
      asked++
      if (url === '/none') response.writeHead(404).end()
      else response.writeHead(asked < 3 ? 503 : 200).end('pixels')
    })
    expect((await fetchImage(`${at}/busy`, here)).length).toBe(6)
    expect(asked).toBe(3)
    await expect(fetchImage(`${at}/none`, here)).rejects.toThrow('/none: the server answers with status 404')
    expect(asked).toBe(4)
  })

  it.each([
    ['says its length', { 'content-length': '20' }],
    ['does not', {}],
  ])('is refused where it is too large and %s', async (_, headers) => {
    const at = await served((_, response) => response.writeHead(200, headers).end('x'.repeat(20)))
    await expect(fetchImage(at, { ...here, maxBytes: 10 })).rejects.toThrow(/more than 0.00001 MB/)
  })

  it('is refused after too many redirects, and where one leads to no address of the web', async () => {
    const at = await served(({ url }, response) =>
      response.writeHead(302, { location: url === '/file' ? 'file:///etc/passwd' : '/again' }).end(),
    )
    await expect(fetchImage(`${at}/x`, here)).rejects.toThrow('more than 5 redirects')
    await expect(fetchImage(`${at}/file`, here)).rejects.toThrow('not an address of the web')
  })

  it('is an error of that image where nothing comes, or the rest does not', async () => {
    const at = await served(({ url }, response) => {
      if (url === '/cut')
        response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy())
    })
    const silent = fetchImage(`${at}/silent`, { ...here, silenceMs: 30 })
    await expect(silent).rejects.toThrow(/nothing for 0.03 s/)
    await expect(silent).rejects.toBeInstanceOf(ImageError)
    await expect(fetchImage(`${at}/late`, { ...here, totalMs: 30 })).rejects.toThrow(
      'not there within 0.03 s',
    )
    await expect(fetchImage(`${at}/cut`, here)).rejects.toBeInstanceOf(ImageError)
  })

  it('stops with the reason of the signal', async () => {
    const at = await served(() => {})
    const controller = new AbortController()
    const fetching = fetchImage(at, { ...here, signal: controller.signal })
    controller.abort(new DOMException('interrupted', 'AbortError'))
    await expect(fetching).rejects.toThrow('interrupted')
  })
})

describe('hosts of this machine and its network', () => {
  it.each(['http://127.0.0.1:9', 'http://[::1]:9', 'http://2130706433:9', 'http://localhost:9'])(
    'are not asked unless that is allowed: %s',
    async (address) => {
      await expect(fetchImage(address)).rejects.toThrow('is an address of this machine or its network')
    },
  )

  it('are not asked by way of a password in the address', async () => {
    const refused = fetchImage('https://user:secret@example.org/a.jpg')
    await expect(refused).rejects.toThrow('https://example.org/a.jpg: an address with a password')
  })

  it.each([
    ['93.184.216.34', true],
    ['2606:4700::1111', true],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['172.32.0.1', true],
    ['169.254.169.254', false],
    ['255.255.255.255', false],
    ['::ffff:192.168.0.1', false],
    ['::ffff:93.184.216.34', true],
    ['fd00::1', false],
    ['fe80::1', false],
  ])('are told by their number: %s', (address, open) => {
    expect(isPublic(address)).toBe(open)
  })
})

it('tells addresses from paths', () => {
  expect(['https://a.org/b.jpg', 'HTTP://a', 'http:/a', 'ftp://a', 'https.jpg'].map(isAddress)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})
