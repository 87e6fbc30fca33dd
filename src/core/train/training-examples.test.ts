import { afterAll, expect, it } from 'vitest'
import { loadModel } from '../../node/model.js'
import { describedClasses } from '../data/descriptions.js'
import { sentencesAbout } from '../world/descriptions.js'
import { type TrainEvent, type TrainPromptsOptions, trainPrompts } from './train-prompts.js'

const model = await loadModel('tiny', { threads: 1 })
afterAll(() => model.close())

const sentences = sentencesAbout('toy', ['striped red circle', 'dotted green star'])
const data = describedClasses(sentences, 'shapes', 'shapes.json')

async function trained(options: Partial<TrainPromptsOptions> = {}) {
  const events: TrainEvent[] = []
  const settings = { method: 'protext', epochs: 3, batchSize: 16, warmupEpochs: 0 }
  const training = trainPrompts({ model, data, ...settings, ...options })
  let next = await training.next()
  for (; !next.done; next = await training.next()) events.push(next.value)
  return { events, parameters: next.value.parameters }
}
const epochsOf = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'epoch' ? [event] : []))

it('learns from sentences without an image, nearer to them every epoch', async () => {
  const { events } = await trained()
  expect(events.find(({ type }) => type === 'start')).toMatchObject({
    kind: 'sentences',
    images: 60,
    stepsPerEpoch: 3,
  })
  const losses = epochsOf(events).map(({ losses }) => losses.total!)
  expect(losses).toEqual([...losses].sort((a, b) => b - a))
})

it('goes on from any epoch to the same bits', async () => {
  const whole = await trained()
  const from = epochsOf(whole.events)[0]!.state
  expect((await trained({ from })).parameters).toEqual(whole.parameters)
  expect((await trained({ seed: 2 })).parameters).not.toEqual(whole.parameters)
})

it('refuses a sentence that is longer than the model reads, naming it', async () => {
  const long = Array(40).fill('red star').join(' ')
  const texts = new Map([['red star', ['A star.', long]]])
  const training = trained({ data: describedClasses(texts, 'long', 'long.json') })
  await expect(training).rejects.toThrow(
    /long.json: "red star", entry 2 has \d+ tokens; tiny reads at most 77/,
  )
})

it('refuses views of images, and images without descriptions', async () => {
  await expect(trained({ views: 2 })).rejects.toThrow(/protext do not read frozen features of images/)
  await expect(trained({ data: { ...data, descriptions: undefined } })).rejects.toThrow(
    /shapes comes without descriptions/,
  )
})
