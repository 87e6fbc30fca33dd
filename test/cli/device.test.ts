import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeviceBench } from '../../src/node/device-bench.js'
import type { DeviceCheck } from '../../src/node/doctor.js'
import { expectRefused, promptsrc, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { hasSoftwareGpu, softwareGpu } from '../support/software-gpu.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-device-'))
const absent = process.platform === 'linux' ? 'dml' : 'cuda'
beforeAll(() => photoFolder(join(folder, 'photos')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const noGpu = { VK_ICD_FILENAMES: '/nowhere', LD_LIBRARY_PATH: '' }

describe('--device', () => {
  it('refuses a device that cannot be had, with why and what to do', async () => {
    for (const args of [
      ['zero-shot', 'photos', '--model', 'tiny'],
      ['train', 'photos', '--model', 'tiny', '--out', 'run'],
    ]) {
      const ended = await promptsrc(folder, ...args, '--device', absent)
      expectRefused(ended, `device ${absent} cannot be had here: `, 'promptsrc doctor')
    }
  })

  it.skipIf(!hasSoftwareGpu)('refuses half precision where the device has none', async () => {
    const args = ['zero-shot', 'photos', '--model', 'tiny', '--device', 'webgpu', '--precision', 'fp16']
    const ended = await startPromptsrc(folder, args, [], softwareGpu).ended
    expectRefused(
      ended,
      'device webgpu cannot be had here: it has no half precision (',
      'leave out --precision',
    )
  })

  it('computes in half precision, nearly as in float32', async () => {
    const args = ['zero-shot', 'photos', '--model', 'tiny', '--json', '--no-cache']
    const [full, half] = [
      await promptsrc(folder, ...args),
      await promptsrc(folder, ...args, '--precision', 'fp16'),
    ].map(({ code, stdout, stderr }) => {
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout) as { accuracy: number; expectedCalibrationError: number }
    })
    expect(half!.accuracy).toBe(full!.accuracy)
    expect(half!.expectedCalibrationError).not.toBe(full!.expectedCalibrationError)
    expect(half!.expectedCalibrationError).toBeCloseTo(full!.expectedCalibrationError, 1)
  })

  it('names the devices there are', async () => {
    const ended = await promptsrc(folder, 'zero-shot', 'photos', '--model', 'tiny', '--device', 'wegpu')
    expectRefused(ended, 'Did you mean webgpu? There are auto, cpu, webgpu, cuda, dml, coreml')
  })

  it('says what auto took, whose figures are those of that device', async () => {
    const zeroShot = ['zero-shot', 'photos', '--model', 'tiny', '--json']
    const auto = await startPromptsrc(folder, [...zeroShot, '--device', 'auto'], [], noGpu).ended
    expect(auto.code, auto.stderr).toBe(0)
    expect(auto.stderr).toMatch(/^device cpu \(.*webgpu: /m)
    expect(auto.stdout).toBe((await promptsrc(folder, ...zeroShot)).stdout)
  })

  it('reaches the processes of a comparison', async () => {
    const args = ['compare', 'photos', '--model', 'tiny', '--methods', 'zero-shot', '--seeds', '1']
    const { code, stderr } = await promptsrc(folder, ...args, '--device', absent, '--out', 'compared')
    expect(code).toBe(2)
    expect(stderr).toMatch(new RegExp(`device ${absent} cannot be had here`))
  })
})

describe('promptsrc doctor', () => {
  const examined = async (env: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await startPromptsrc(folder, ['doctor', '--json'], [], env).ended
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as { environment: { cores: number }; devices: DeviceCheck[] }
  }

  it('runs a step of training on the processor, and says why it does not on others', async () => {
    const { environment, devices } = await examined(noGpu)
    expect(environment.cores).toBeGreaterThan(0)
    const [cpu] = devices
    expect(cpu).toMatchObject({ device: 'cpu', run: { worstError: 0, agrees: true } })
    const other = devices.find(({ device }) => device === absent)!
    expect(other.refusal).toMatchObject({ reason: expect.any(String), advice: expect.any(String) })
    expect(other.run).toBeUndefined()
  })

  it('prints a table for a person', async () => {
    const { code, stdout } = await startPromptsrc(folder, ['doctor'], [], noGpu).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/^promptsrc +\d+\.\d+\.\d+, Node v\d+.*ONNX Runtime \d+/m)
    expect(stdout).toMatch(/^cpu +[\d.]+ ms .*works$/m)
    expect(stdout).toMatch(new RegExp(`^${absent} .*not here$`, 'm'))
  })

  it('times steps beside plain products, and names nobody in what is to be sent', async () => {
    const args = ['doctor', '--bench', '--size', 'small', '--device', 'cpu', '--threads', '1', '--json']
    const { code, stdout, stderr } = await promptsrc(folder, ...args)
    expect(code, stderr).toBe(0)
    const { bench } = JSON.parse(stdout) as { bench: DeviceBench[] }
    expect(bench).toHaveLength(1)
    const [{ gflop, stepSeconds, stepGflops, productGflops, share, peakMemoryMb }] = bench as [DeviceBench]
    expect(stepGflops).toBeCloseTo(gflop / stepSeconds, 6)
    expect(share).toBeCloseTo(stepGflops / productGflops, 6)
    expect(bench[0]).toMatchObject({ device: 'cpu', size: 'small', threads: 1, classes: 50, batch: 4 })
    expect(peakMemoryMb).toBeGreaterThan(50)
    for (const name of [homedir(), hostname(), folder]) expect(stdout).not.toContain(name)
  })

  it('refuses a size that nothing is timed at', async () => {
    expectRefused(await promptsrc(folder, 'doctor', '--size', 'small'), '--bench times', 'Add --bench')
    expectRefused(await promptsrc(folder, 'doctor', '--bench', '--size', 'smal'), 'Did you mean small?')
  })

  it.skipIf(!hasSoftwareGpu)('holds WebGPU against the processor', async () => {
    const { devices } = await examined(softwareGpu)
    const webgpu = devices.find(({ device }) => device === 'webgpu')!
    expect(webgpu.run?.worstError).toBeGreaterThan(0)
    expect(webgpu.run?.worstError).toBeLessThan(1e-5)
  })
})

const steps = `
  import { loadModel } from '${fileURLToPath(new URL('../../dist/node/model.js', import.meta.url))}'
  import { toyDataset } from '${fileURLToPath(new URL('../../dist/core/world/datasets.js', import.meta.url))}'
  import { trainPrompts } from '${fileURLToPath(new URL('../../dist/core/train/train-prompts.js', import.meta.url))}'
  const toy = toyDataset('toy')
  const few = (images) => images.filter(({ label }) => label < 2)
  const data = { ...toy, classNames: toy.classNames.slice(0, 2), train: few(toy.train), test: [], val: [] }
  const model = await loadModel('tiny', { device: process.argv[1], threads: 1 })
  const settings = { shots: 1, epochs: 3, batchSize: 2, learningRate: 0.01 }
  const losses = []
  for await (const event of trainPrompts({ model, data, ...settings })) {
    if (event.type === 'step') losses.push(event.losses.total)
  }
  await model.close()
  console.log(JSON.stringify(losses))`

it.skipIf(!hasSoftwareGpu)(
  'PromptSRC trains on WebGPU with the processor’s losses',
  () => {
    const losses = (device: string): number[] => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', steps, device],
        { env: { ...process.env, ...softwareGpu }, encoding: 'utf8' },
      )
      expect(status, stderr).toBe(0)
      return JSON.parse(stdout) as number[]
    }
    const expected = losses('cpu')
    expect(expected).toHaveLength(3)
    expect(new Set(expected).size).toBe(3)
    for (const [i, loss] of losses('webgpu').entries())
      expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-4)
  },
  300_000,
)
