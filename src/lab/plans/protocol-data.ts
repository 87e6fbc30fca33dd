import { imagenetVariants, paperDatasets } from '../../core/data/dataset-names.js'
import { ConfigError } from '../../core/errors.js'
import { toyProtocols } from '../../core/world/protocols.js'
import type { ProtocolData } from './cells.js'
import { hasSource, type Protocol } from './protocol.js'

const curve = [1, 2, 4, 8, 16]

/** Shots of every protocol but few-shot. */
const SHOTS = [16]

type Groups = Readonly<Record<Protocol, ProtocolData>>

/** What `--datasets` names as a whole: the paper's data sets, and the toy world's. */
const dataGroups: Readonly<Record<'paper' | 'toy', Groups>> = {
  paper: {
    'base-to-novel': { datasets: paperDatasets, shots: SHOTS },
    'cross-dataset': { source: 'ImageNet', datasets: paperDatasets.slice(1), shots: SHOTS },
    'domain-generalization': { source: 'ImageNet', datasets: imagenetVariants, shots: SHOTS },
    'few-shot': { datasets: paperDatasets, shots: curve },
  },
  toy: {
    'base-to-novel': { ...toyProtocols['base-to-novel'], shots: SHOTS },
    'cross-dataset': transfer(toyProtocols['cross-dataset']),
    'domain-generalization': transfer(toyProtocols['domain-generalization']),
    'few-shot': toyProtocols['few-shot'],
  },
}

function transfer({ source, targets }: { source: string; targets: readonly string[] }): ProtocolData {
  return { source, datasets: targets, shots: SHOTS }
}

/** What the user chose of a protocol's data. */
export interface DataChoice {
  /** A group of {@link dataGroups}, names, or paths; default: the paper's. */
  readonly datasets?: readonly string[] | undefined
  readonly source?: string | undefined
  readonly shots?: readonly number[] | undefined
}

/**
 * The data of a protocol. Groups stand for their members; the source is that of the first group named, else the paper's.
 *
 * @throws ConfigError where a source is given to a protocol that has none
 */
export function protocolData(protocol: Protocol, choice: DataChoice): ProtocolData {
  const { datasets: named = ['paper'], source, shots } = choice
  if (source !== undefined && !hasSource(protocol)) {
    throw new ConfigError(`--source ${source}: ${protocol} trains on each data set that it measures`, {
      hint: 'Leave it out, or choose cross-dataset or domain-generalization.',
    })
  }
  const groupOf = (name: keyof typeof dataGroups): ProtocolData => dataGroups[name][protocol]
  const standard = groupOf(named.find(isGroup) ?? 'paper')
  const chosen = source ?? standard.source
  const members = named.flatMap((name) => (isGroup(name) ? groupOf(name).datasets : [name]))
  const datasets = [...new Set(members)]
  return {
    ...(hasSource(protocol) ? { source: chosen } : {}),
    datasets,
    shots: shots ?? standard.shots,
  }
}

const isGroup = (name: string): name is keyof typeof dataGroups => Object.hasOwn(dataGroups, name)
