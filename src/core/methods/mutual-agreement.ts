import { abs, exp, logSoftmax, mean, mul, sub, type Tensor } from '../graph/index.js'

/**
 * Mean absolute difference of L2-normalised prompted and frozen features, over all entries
 * (PromptSRC paper, equation 3).
 */
export function agreementOfFeatures(prompted: Tensor, frozen: Tensor): Tensor {
  return mean(abs(sub(prompted, frozen)))
}

/**
 * KL(frozen || prompted) of the class distributions, summed and divided by the number of entries B * classes
 * (PromptSRC paper, equation 4; the division is the reference code's).
 */
export function agreementOfLogits(prompted: Tensor, frozen: Tensor): Tensor {
  const logP = logSoftmax(prompted)
  const logQ = logSoftmax(frozen)
  return mean(mul(exp(logQ), sub(logQ, logP)))
}
