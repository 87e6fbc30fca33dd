import { imagenetVariants, paperDatasets } from '../../core/data/dataset-names.js'
import { ConfigError } from '../../core/errors.js'
import { hasSource, type Protocol, type ProtocolData } from './protocol.js'

const curve = [1, 2, 4, 8, 16]

/** Shots of every protocol but few-shot. */
export const SHOTS = [16]

/** Of text-only supervision, and where all images are trained on: they are counted when the data is open. */
export const NO_SHOTS = [0]

/** Data sets that have a name together: those of every protocol. */
export type DataGroup = Readonly<Record<Protocol, ProtocolData>>

/** The paper's data sets. */
const paper: DataGroup = {
  'base-to-novel': { datasets: paperDatasets, shots: SHOTS },
  'cross-dataset': { source: 'ImageNet', datasets: paperDatasets.slice(1), shots: SHOTS },
  'domain-generalization': { source: 'ImageNet', datasets: imagenetVariants, shots: SHOTS },
  'few-shot': { datasets: paperDatasets, shots: curve },
  'fully-supervised': { datasets: paperDatasets, shots: NO_SHOTS },
  'text-only': { datasets: paperDatasets, shots: NO_SHOTS },
}

/** What the user chose of a protocol's data. */
export interface DataChoice {
  /** Groups, names, or paths; default: `paper`. */
  readonly datasets?: readonly string[] | undefined
  readonly source?: string | undefined
  readonly shots?: readonly number[] | undefined
  /** Groups beside `paper` by the name that `datasets` may have for them. */
  readonly groups?: Readonly<Record<string, DataGroup>>
}

/**
 * The data of a protocol. Groups stand for their members; the source is that of the first group named, else the paper's.
 *
 * @throws ConfigError where a source, or shots, are given to a protocol that has none
 */
export function protocolData(protocol: Protocol, choice: DataChoice): ProtocolData {
  const { datasets: named = ['paper'], source, shots } = choice
  if (source !== undefined && !hasSource(protocol)) {
    throw new ConfigError(`--source ${source}: ${protocol} trains on each data set that it measures`, {
      hint: 'Leave it out, or choose cross-dataset or domain-generalization.',
    })
  }
  if (shots !== undefined && (protocol === 'text-only' || protocol === 'fully-supervised')) {
    const learns = protocol === 'text-only' ? 'learns from no image' : 'trains on all images'
    throw new ConfigError(`--shots ${shots.join(',')}: ${protocol} ${learns}`, { hint: 'Leave it out.' })
  }
  const groups = new Map(Object.entries({ paper, ...choice.groups }))
  const standard = (groups.get(named.find((name) => groups.has(name)) ?? 'paper') ?? paper)[protocol]
  const members = named.flatMap((name) => groups.get(name)?.[protocol].datasets ?? [name])
  return {
    ...(hasSource(protocol) ? { source: source ?? standard.source } : {}),
    datasets: [...new Set(members)],
    shots: shots ?? standard.shots,
  }
}
