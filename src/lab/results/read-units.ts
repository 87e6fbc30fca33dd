import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.js'
import type { FinishedUnit } from '../plans/do-units.js'
import { drawOf } from '../plans/draws.js'
import { type Protocol, protocols } from '../plans/protocol.js'
import type { UnitSpec } from '../units/unit.js'
import { readFailure, readResult, readUnit, type UnitResult, unitFiles } from '../units/unit-files.js'
import { type Findings, type Found, joinFindings, protocolOf, readAll } from './found.js'
import type { Observation } from './observation.js'

const nothing: Findings = { found: [], unfinished: [], failed: [], damaged: [] }

/** Reads what the units in these folders measured. Nothing that lies in one is thrown: it is named among the damaged. */
export async function readUnits(folders: readonly string[], onDone?: () => void): Promise<Findings> {
  return joinFindings(await readAll(folders, readOne, onDone))
}

async function readOne(folder: string): Promise<Findings> {
  let spec: UnitSpec
  try {
    spec = await readUnit(folder)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { ...nothing, damaged: [{ path: folder, message: error.message }] }
  }
  const result = await readResult(folder, spec)
  if (result) return { ...nothing, found: observationsOf(folder, spec, result) }
  const failure = await readFailure(folder)
  if (failure) return { ...nothing, failed: [{ path: folder, message: failure.message }] }
  const isThere = await access(join(folder, unitFiles.result)).then(
    () => true,
    () => false,
  )
  const message = `${join(folder, unitFiles.result)} is damaged, or of other settings than ${unitFiles.task}`
  return isThere ? { ...nothing, damaged: [{ path: folder, message }] } : { ...nothing, unfinished: [folder] }
}

/** What those of the units measured that are finished. */
export const observationsIn = (units: readonly FinishedUnit[]): Observation[] =>
  units.flatMap(({ folder, spec, result }) =>
    result ? observationsOf(folder, spec, result).map(({ observation }) => observation) : [],
  )

/** What a finished unit measured. */
export function observationsOf(folder: string, spec: UnitSpec, { measures }: UnitResult): Found[] {
  const { label, data: source, settings, model } = spec
  return spec.measures.flatMap(({ name, data, classes }): Found[] => {
    // Left out where the method does not know the classes.
    const measure = measures[name]
    if (!measure) return []
    const { metrics, halves } = measure
    const { set: dataset, draw } = drawOf(data.name)
    const protocol = knownProtocol(spec.protocol) ?? protocolOf(data.name, source.name, classes)
    const observation: Observation = {
      protocol,
      method: label,
      dataset,
      source: drawOf(source.name).set,
      classes,
      // Where no image was learned from, as of texts, or all were.
      shots: (protocol !== 'fully-supervised' && settings.shots) || null,
      seed: settings.seed,
      ...(draw === undefined ? {} : { draw }),
      accuracy: metrics.accuracy,
      macroF1: metrics.macroF1,
      from: folder,
    }
    const variant = model.name
    if (protocol !== 'base-to-novel' || classes !== 'all') return [{ observation, variant }]
    const { macroF1: _, ...together } = observation
    return (['base', 'novel'] as const).flatMap((half) =>
      halves
        ? [
            {
              observation: { ...together, classes: half, among: 'all' as const, accuracy: halves[half] },
              variant,
            },
          ]
        : [],
    )
  })
}

const knownProtocol = (name: string | undefined): Protocol | undefined =>
  protocols.find((protocol) => protocol === name)
