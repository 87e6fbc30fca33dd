import { afterAll, expect, it } from 'vitest'
import { loadModel } from '../../node/model.js'
import { toyDataset } from '../world/datasets.js'
import { type TrainEvent, type TrainPromptsOptions, trainPrompts } from './train-prompts.js'

const model = await loadModel('tiny', { threads: 1 })
afterAll(() => model.close())

const toy = toyDataset('toy')
const few = (images: typeof toy.train) => images.filter(({ label }) => label < 2)
const data = { ...toy, classNames: toy.classNames.slice(0, 2), train: few(toy.train), test: [], val: [] }
const settings = { shots: 2, batchSize: 2, epochs: 3, learningRate: 0.01, method: 'promptsrc' }

async function lossesOf(options: Partial<TrainPromptsOptions>, from?: TrainPromptsOptions['from']) {
  const losses: number[] = []
  const events: TrainEvent[] = []
  for await (const event of trainPrompts({
    model,
    data,
    ...settings,
    ...options,
    ...(from ? { from } : {}),
  })) {
    events.push(event)
    if (event.type === 'step') losses.push(event.losses.total!)
  }
  return { losses, events }
}

it('as many views as epochs give the losses of a view an epoch, but for rounding', async () => {
  const { losses: own } = await lossesOf({})
  const { losses: viewed } = await lossesOf({ views: 3 })
  expect(viewed).toHaveLength(6)
  for (const [i, loss] of viewed.entries()) expect(Math.abs(loss - own[i]!)).toBeLessThan(1e-4)
})

it('views come in turn, their frozen features computed once, and a run that goes on has the same bits', async () => {
  const { losses, events } = await lossesOf({ views: 2 })
  const { losses: own } = await lossesOf({})
  const close = (a: number, b: number) => Math.abs(a - b) < 1e-4
  expect(losses.slice(0, 4).every((loss, i) => close(loss, own[i]!))).toBe(true)
  // The third epoch sees the first view again, not one of its own.
  expect(losses.slice(4).every((loss, i) => close(loss, own[4 + i]!))).toBe(false)
  const state = events.flatMap((event) => (event.type === 'epoch' ? [event.state] : []))[1]!
  expect((await lossesOf({ views: 2 }, state)).losses).toEqual(losses.slice(4))
})

it('takes the frozen tower out of the steps', async () => {
  const costOf = async (options: Partial<TrainPromptsOptions>) => {
    for await (const event of trainPrompts({ model, data, ...settings, ...options }))
      if (event.type === 'plan') return event.cost
    throw new Error('no plan')
  }
  const [own, viewed] = [await costOf({}), await costOf({ views: 1 })]
  expect(viewed.flops.steps).toBeLessThan(0.8 * own.flops.steps)
  expect(viewed.flops.images).toBeGreaterThan(0)
})

it('is refused where no step reads frozen features of images', async () => {
  for (const method of ['coop', 'gda'])
    await expect(lossesOf({ views: 2, method })).rejects.toThrow(/^views: the steps of .* do not read/)
})
