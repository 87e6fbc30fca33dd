import type { ModelChoice } from '../../core/studio/place.js'
import { findModel } from '../../node/hub/find-model.js'

/** What the studio proposes; any other is found by its name. */
export const proposed = [
  {
    name: 'emoji',
    title: 'Small, built in',
    about: 'For drawings and icons, and to try things out. Learns in a minute; knows little of photographs.',
  },
  {
    name: 'ViT-B/32',
    title: 'Photographs, fast',
    about: 'OpenAI’s CLIP, which has seen 400 million pictures. Right for most collections.',
  },
  {
    name: 'ViT-B/16',
    title: 'Photographs, finer',
    about: 'Looks closer, for things that differ in details. Takes about four times as long.',
  },
] as const

/** The models that are proposed, with what a download takes. */
export const proposedModels = (): Promise<ModelChoice[]> =>
  Promise.all(proposed.map(async (each) => ({ ...each, ...(await findModel(each.name)) })))

/** A model that a person names; throws as {@link findModel} does. */
export async function namedModel(name: string): Promise<ModelChoice> {
  const found = await findModel(name)
  return { ...found, title: found.name, about: found.here ? 'On this computer.' : `From ${found.host}.` }
}
