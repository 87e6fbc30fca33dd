import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { exportCheckpoint } from '../../src/exchange/checkpoints/export-checkpoint.js'
import { loadModel } from '../../src/node/model.js'
import { missingModule, python } from '../support/debian-python.js'
import { learnedRun } from '../support/learned-run.js'

const missing = await missingModule('torch')

const read = `
import json, sys, torch
found = torch.load(sys.argv[1], map_location='cpu')
state = {key: [list(value.shape), str(value.dtype), value.flatten().tolist()] for key, value in found['state_dict'].items()}
print(json.dumps({'epoch': found['epoch'], 'state': state}))`

it('PyTorch loads the checkpoint of a run', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const folder = await mkdtemp(join(tmpdir(), 'promptsrc-torch-'))
  await using model = await loadModel('tiny', { threads: 1 })
  const { prompts } = await learnedRun(model, 'promptsrc')
  const { stdout } = await python(read, await exportCheckpoint(folder, prompts, model.clip, 5))
  await rm(folder, { recursive: true })
  const { epoch, state } = JSON.parse(stdout) as {
    epoch: number
    state: Record<string, [number[], string, number[]]>
  }
  expect(epoch).toBe(5)
  expect(Object.keys(state)).toHaveLength(prompts.parameters.size)
  const values = Object.values(state).map(([, dtype, data]) => [dtype, Float32Array.from(data)])
  expect(values).toEqual([...prompts.parameters.values()].map((data) => ['torch.float32', data]))
})
