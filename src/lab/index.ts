export type * from '../core/index.js'
export { type ToySet, toyDataset } from '../core/world/datasets.js'
export { type Protocols, toyProtocols } from '../core/world/protocols.js'
export type { Style } from '../core/world/style.js'
export type {
  Annotations,
  DatasetSource,
  OpenContext,
  SourceDataset,
  SourceFile,
} from '../node/data/dataset-source.js'
export { datasetNamed, datasets } from '../node/datasets/registry.js'
export type { Engine, EngineOptions, TaskState, TaskUpdate, UnitTask } from './engines/engine.js'
export { type LocalOptions, localEngine } from './engines/local.js'
export type { SlurmOptions, SlurmResources } from './engines/slurm/options.js'
export { slurmEngine } from './engines/slurm.js'
export { type FinishedUnit, runBenchmark } from './plans/benchmark.js'
export type { ProtocolData } from './plans/cells.js'
export { type BenchmarkOptions, type PlannedUnit, planBenchmark } from './plans/plan.js'
export { type Protocol, protocols } from './plans/protocol.js'
export { type DataChoice, protocolData } from './plans/protocol-data.js'
export type { SettingsContext } from './plans/protocol-settings.js'
export { type AggregateOptions, aggregate } from './results/aggregate.js'
export type { Problem } from './results/found.js'
export type { Observation, Quantity } from './results/observation.js'
export { type ReadOptions, type Results, readResults } from './results/read-results.js'
export type { Figure, Lack, ResultRow, ResultTable } from './results/result-table.js'
export type { Repeat } from './results/tell-apart.js'
export type { UnitData, UnitSpec } from './units/unit.js'
export type { DataReference } from './units/unit-data.js'
export type { UnitFailure, UnitResult } from './units/unit-files.js'
