import { methodNamed, methods } from '../../core/methods/registry.js'
import type { SettingsInput } from '../../core/train/settings.js'
import { baselineNamed, baselines } from '../baselines.js'

/** A row of a table: a method with settings, trained once for every seed, or a baseline. */
export interface Entry {
  /** Unique among the rows; begins or names their folders. */
  readonly label: string
  /** As readers know it. */
  readonly title: string
  /** Of the registry, or a baseline. */
  readonly method: string
  /** Departures from the settings that the plan has for the method. */
  readonly settings: EntrySettings
}

/** See {@link Entry}. */
export type EntrySettings = Omit<SettingsInput, 'method' | 'classes' | 'seed'>

/** Names that {@link methodEntries} takes: baselines first, then the methods of the registry. */
export const comparable = (): string[] => [...Object.keys(baselines), ...Object.keys(methods)]

/**
 * Rows of the given methods under their own names.
 *
 * @param settings departures of a method that trains
 * @throws ConfigError for an unknown one
 */
export function methodEntries(
  names: readonly string[],
  settings: (method: string) => EntrySettings = () => ({}),
): Entry[] {
  return names.map((name) => {
    const baseline = baselineNamed(name)
    const { title } = baseline ?? methodNamed(name)
    return { label: name, title, method: name, settings: baseline ? {} : settings(name) }
  })
}
