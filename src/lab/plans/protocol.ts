/** The paper's four experiments (sections 4.1 to 4.4). */
export const protocols = ['base-to-novel', 'cross-dataset', 'domain-generalization', 'few-shot'] as const

/** See {@link protocols}. */
export type Protocol = (typeof protocols)[number]

/** Whether one source is trained on for all that is measured. */
export const hasSource = (protocol: Protocol): boolean =>
  protocol === 'cross-dataset' || protocol === 'domain-generalization'
