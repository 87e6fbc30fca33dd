import * as z from 'zod'
import { readLog } from '../../node/runs/run-directory.js'

const epochSchema = z.object({
  event: z.literal('epoch'),
  learningRate: z.number(),
  /** The loss and its terms, weighted; means over the steps. */
  losses: z.record(z.string(), z.number()),
  /** On the augmented training images, in percent. */
  accuracy: z.number(),
})

/** An epoch of a training as its log tells it, see {@link epochSchema}. */
export type Epoch = Omit<z.infer<typeof epochSchema>, 'event'>

/** The epochs in the log of a run directory, in their order. Throws UserError when there is a log that cannot be read. */
export async function readEpochs(folder: string): Promise<Epoch[]> {
  return (await readLog(folder)).flatMap((entry) => epochSchema.safeParse(entry).data ?? [])
}
