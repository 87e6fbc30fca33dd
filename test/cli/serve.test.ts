import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { classify } from '../../examples/server-fetch/classify.js'
import { expectRefused, promptsrc, type Running, startPromptsrc } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-serve-'))
const image = join(folder, 'photos/test/red_square/0.png')
const token = 'a-secret'

beforeAll(async () => {
  await photoFolder(join(folder, 'photos'))
  await trainedRun(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the server on a free port. */
async function started(...args: string[]): Promise<Running & { readonly url: string }> {
  const common = ['serve', 'run', '--port', '0', '--threads', '1', ...args]
  const running = startPromptsrc(folder, common, [], { PROMPTSRC_TOKEN: token })
  const url = await new Promise<string>((resolve, reject) => {
    running.process.stdout!.on('data', (text: string) => {
      const found = /^run \(4 classes\) answers on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(text)
      if (found) resolve(found[1]!)
    })
    void running.ended.then(({ stderr }) => reject(new Error(stderr)))
  })
  return { ...running, url }
}

it('answers a caller with the token as predict does, and stops when all it has begun is answered', async () => {
  const server = await started('--max-requests', '40')
  const { classes } = await classify(server.url, image, { token, top: 4 })
  const { stdout } = await promptsrc(
    folder,
    'predict',
    'run',
    image,
    '--top',
    '4',
    '--threads',
    '1',
    '--json',
  )
  const predicted = JSON.parse(stdout).classes
  for (const [i, { className, probability }] of classes.entries()) {
    expect(className).toBe(predicted[i].className)
    expect(probability).toBeCloseTo(predicted[i].probability, 5)
  }
  expect((await classify(server.url, image, { token, classes: ['a tree', 'a bus'] })).classes).toHaveLength(2)
  await expect(classify(server.url, image, { token: 'another' })).rejects.toThrow('401: the token is another')

  // Half a request is there when the server is told to stop: it is taken to its end, like those that wait.
  const body = readFileSync(image)
  const agent = new Agent({ keepAlive: true })
  const half = request(`${server.url}/classify`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${token}`, 'content-length': body.length },
  })
  const late = new Promise<number>((resolve, reject) => {
    half.on('error', reject)
    half.on('response', (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
  })
  half.write(body.subarray(0, 100))
  const begun = async () => {
    const headers = { authorization: `Bearer ${token}` }
    const text = await (await fetch(`${server.url}/metrics`, { headers })).text()
    const [answered, inFlight] = ['request_seconds_count', 'requests_in_flight'].map((name) =>
      Number(new RegExp(`^promptsrc_${name} (\\d+)$`, 'm').exec(text)![1]),
    )
    return answered! + inFlight!
  }
  while ((await begun()) < 3) await delay(5)
  const asked = Array.from({ length: 20 }, () => classify(server.url, image, { token }))
  while ((await begun()) < 23) await delay(5)
  server.process.kill('SIGTERM')
  for (const { answer } of await Promise.all(asked))
    if (answer !== null) expect(colourNames).toContain(answer)
  half.end(body.subarray(100))
  expect(await late).toBe(200)
  agent.destroy()
  const { code, stderr } = await server.ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^\nStopping: [^\n]+\n$/) })
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
})

it('refuses what it cannot do before it loads a model', async () => {
  expectRefused(await promptsrc(folder, 'serve', 'none'), 'no run at none')
  expectRefused(await promptsrc(folder, 'serve', 'run', '--port', '70000'), 'port from 0 to 65535')
  expectRefused(await promptsrc(folder, 'serve', 'run', '--cors', 'example.org'), 'https://example.org')
  expectRefused(await promptsrc(folder, 'serve', 'run', '--token', 'a b'), 'no header can carry')
})

it('says that a port is taken', async () => {
  const server = await started()
  const { port } = new URL(server.url)
  expectRefused(await promptsrc(folder, 'serve', 'run', '--port', port), `port ${port} is in use`, 'port 0')
  server.process.kill('SIGINT')
  expect((await server.ended).code).toBe(0)
})
