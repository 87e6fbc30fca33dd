import { referenceName } from '../../core/data/dataset-names.js'
import { ConfigError } from '../../core/errors.js'
import { type Protocol, protocols } from '../plans/protocol.js'
import { plainMethod } from './method-names.js'
import type { Observation } from './observation.js'
import { paperRows } from './paper/paper.js'
import type { ResultTable } from './result-table.js'

/** What of the results is shown; all where nothing is said. */
export interface Choice {
  readonly protocol?: Protocol
  /** Labels of rows, or methods with all remarks; those of the paper, too. */
  readonly methods?: readonly string[]
  /** By the reference's names or the paper's. */
  readonly datasets?: readonly string[]
}

/**
 * The observations that are chosen. Across data sets and domains the source stays.
 *
 * @throws ConfigError for a method or data set that is not there, or where nothing is left
 */
export function choose(observations: readonly Observation[], choice: Choice): Observation[] {
  const { protocol, methods, datasets } = choice
  const own = observations.filter((observation) => !protocol || observation.protocol === protocol)
  if (own.length === 0) {
    const there = protocols.filter((name) =>
      observations.some((observation) => observation.protocol === name),
    )
    throw new ConfigError(`--protocol ${protocol}: there are only results of ${there.join(', ')}`, {
      hint: 'Name one of them, or leave the option out.',
    })
  }
  const printed = protocols.flatMap((name) => paperRows(name)).map(({ method }) => method)
  const known = [...own.flatMap(({ method }) => [method, plainMethod(method)]), ...printed]
  checkNames('--methods', methods ?? [], known)
  const sets = datasets?.map((name) => referenceName(name) ?? name)
  checkNames(
    '--datasets',
    sets ?? [],
    own.map(({ dataset }) => dataset),
  )
  const chosen = own.filter(
    ({ method, dataset, source, classes }) =>
      isChosen(method, methods) &&
      (!sets || sets.includes(dataset) || (classes === 'all' && dataset === source)),
  )
  if (chosen.length === 0) {
    throw new ConfigError(`there are no results of ${methods!.join(', ')}`, {
      hint: `Name at least one of ${unique(own.map(({ method }) => method)).join(', ')} among --methods.`,
    })
  }
  return chosen
}

/** The table with the paper's rows of the chosen methods alone. */
export const chooseRows = (table: ResultTable, { methods }: Choice): ResultTable => ({
  ...table,
  rows: table.rows.filter(({ method }) => isChosen(method, methods)),
})

const isChosen = (method: string, methods: Choice['methods']): boolean =>
  !methods || methods.includes(method) || methods.includes(plainMethod(method))

function checkNames(option: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new ConfigError(`${option}: there is no result of "${unknown}"`, {
    hint: `There are ${unique(known).join(', ')}.`,
  })
}

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort()
