import { withAddedClasses } from '../evaluate/added-classes.js'
import { learnedHead, withOwnWeights } from '../evaluate/classifier.js'
import type { CreateClassifierOptions, Run } from '../evaluate/create-classifier.js'
import { type Tensor, values } from '../graph/index.js'
import { configure } from '../methods/registry.js'

/** A run's classifier over fixed classes as one graph. */
export interface FixedClasses {
  readonly classNames: readonly string[]
  /** Logits [B, classes] of normalised pixels [B, 3, R, R]; B may be open. */
  logits(pixels: Tensor): Tensor
}

/**
 * The classifier that a run has learned, as a graph from pixels to logits: class weights, prompts and kept features
 * are constants of it. Texts that depend on the image are part of the graph.
 *
 * @throws ConfigError where the method cannot know the classes
 */
export async function fixedClasses(
  { prompts, model }: Run,
  {
    classNames: chosen = prompts.classNames,
    addClasses = [],
  }: Omit<CreateClassifierOptions, 'batchSize'> = {},
): Promise<FixedClasses> {
  const { clip, runtime, caches } = model
  const classNames = withAddedClasses(chosen, addClasses)
  const own = withOwnWeights(
    { clip, runtime, caches, classNames },
    { method: configure(prompts, clip), parameters: prompts.parameters },
  )
  const { head, feeds, text } = await learnedHead(own.options, own.learned)
  const constants = new Map(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, values(name, shape, data)]),
  )
  const weights = text && values('class weights', [classNames.length, clip.config.embedDim], text)
  return {
    classNames,
    logits(pixels) {
      const images = head.features ? head.features.tower(pixels) : pixels
      return head.classify(images, (name) => constants.get(name)!, weights).logits
    },
  }
}
