import { logSoftmax, mean, mul, neg, sum, type Tensor } from '../graph/index.js'

/** Mean over the batch of -log softmax(logits)[label]; logits and one-hot labels [B, classes]. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return neg(mean(sum(mul(logSoftmax(logits), labels), [-1])))
}
