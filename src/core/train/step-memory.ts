import type { EncodedGraph } from '../graph/index.js'
import { encodeGraph, sizeOf } from '../graph/index.js'
import { deviceStep } from './device-steps.js'
import type { SymbolicOptimizer } from './optimizer.js'
import { type StepGraphOptions, stepGraph, TERM } from './step-graph.js'

/** Bytes that ONNX Runtime reserves for each byte of values that is alive at once (measured at ViT-B/16). */
const RESERVED = 1.3
/**
 * Copies of all that a step is fed, of which only what is learned counts: the values, what the optimizer remembers and makes
 * anew, gradients, and what crosses to the thread that computes (measured at ViT-B/32 with all weights trained).
 */
const FED = 8
/** Bytes of a process beside weights and values: program, engine, decoded images. */
const BESIDE = 700e6

/** Numbers of classes at once that are tried, from the most on. */
const PARTS = [512, 256, 128, 64, 32]

/** Peak memory of a process that trains by this step, in bytes: an estimate from its shapes. */
export const stepBytes = ({
  weightBytes,
  peakBytes,
  inputs,
}: Pick<EncodedGraph, 'weightBytes' | 'peakBytes' | 'inputs'>): number =>
  weightBytes + RESERVED * peakBytes + 4 * FED * fedValues(inputs) + BESIDE

const fedValues = (inputs: EncodedGraph['inputs']): number =>
  Object.values(inputs).reduce((sum, shape) => sum + sizeOf(shape), 0)

/** A step that is ready to be compiled, and how many classes it encodes at once where these are not all. */
export interface FittedStep {
  readonly graph: EncodedGraph
  readonly classesAtOnce: number | undefined
  /** Names of the loss terms, in order, where the update is part of the step. */
  readonly terms?: readonly string[] | undefined
}

/** Options of {@link fittedStep}. */
export interface FittedStepOptions extends StepGraphOptions {
  /** Makes the update part of the step, for a device on which what is learned stays. */
  readonly onDevice?: SymbolicOptimizer | undefined
}

/**
 * The step of the options within so many bytes: with all classes at once where that fits, else with the most of
 * 512, 256, 128, 64 and 32 that does; with the fewest where nothing does. Values are the same but for rounding, since the
 * gradients of the parts are summed one after the other. A number in the options is taken as it is.
 */
export async function fittedStep(
  options: FittedStepOptions,
  bytes = Number.POSITIVE_INFINITY,
): Promise<FittedStep> {
  const { classesAtOnce, method } = options
  let step = await encodedStep(options)
  if (classesAtOnce !== undefined) return step
  for (const part of PARTS) {
    if (stepBytes(step.graph) <= bytes) break
    if (part >= method.classNames.length) continue
    step = await encodedStep({ ...options, classesAtOnce: part })
  }
  return step
}

async function encodedStep({ onDevice, ...options }: FittedStepOptions): Promise<FittedStep> {
  const { classesAtOnce } = options
  const step = stepGraph(options)
  if (!onDevice) return { graph: await encodeGraph(step), classesAtOnce }
  const terms = Object.keys(step).flatMap((name) => (name.startsWith(TERM) ? [name.slice(TERM.length)] : []))
  return { graph: await encodeGraph(deviceStep(step, onDevice, options)), classesAtOnce, terms }
}
