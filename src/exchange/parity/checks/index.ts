import { activationsCheck } from './activations.js'
import type { Check } from './check.js'
import { checkpointsCheck } from './checkpoints.js'
import { containersCheck } from './containers.js'
import { preprocessCheck } from './preprocess.js'
import { baseNovelCheck, fewShotCheck, randomCheck, splitCheck } from './selection.js'
import { templatesCheck, tokenizerCheck } from './texts.js'
import { evaluatorCheck, schedulesCheck, sgdCheck } from './training-parts.js'

/** The parts of a golden root beside its cases, in the order of the report. */
export const checks: readonly Check[] = [
  tokenizerCheck,
  templatesCheck,
  preprocessCheck,
  randomCheck,
  fewShotCheck,
  splitCheck,
  baseNovelCheck,
  schedulesCheck,
  sgdCheck,
  evaluatorCheck,
  activationsCheck,
  containersCheck,
  checkpointsCheck,
]
