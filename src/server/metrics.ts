/** Upper bounds of the times that are counted, in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What holds at the moment. */
export interface Gauges {
  readonly inFlight: number
  readonly waiting: number
  readonly classLists: number
}

/** Counts what a server does, and tells it in Prometheus's text format (version 0.0.4). */
export class Metrics {
  private readonly statuses = new Map<number, number>()
  private readonly times = BOUNDS.map(() => 0)
  private seconds = 0
  private requests = 0
  private batches = 0
  private images = 0

  /** A request for a classification was answered. */
  answered(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    for (const [i, bound] of BOUNDS.entries()) if (seconds <= bound) this.times[i]!++
    this.seconds += seconds
    this.requests++
  }

  /** Images were computed together. */
  computed(images: number): void {
    this.batches++
    this.images += images
  }

  text({ inFlight, waiting, classLists }: Gauges): string {
    const statuses = [...this.statuses].sort(([a], [b]) => a - b)
    const name = 'promptsrc_request_seconds'
    return [
      ...head('promptsrc_requests_total', 'counter', 'Requests for a classification, by status.'),
      ...statuses.map(([status, count]) => `promptsrc_requests_total{status="${status}"} ${count}`),
      ...head(name, 'histogram', 'Time from a request to its answer.'),
      ...BOUNDS.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.times[i]}`),
      `${name}_bucket{le="+Inf"} ${this.requests}`,
      `${name}_sum ${this.seconds}`,
      `${name}_count ${this.requests}`,
      ...single('promptsrc_images_total', 'counter', 'Images computed.', this.images),
      ...single('promptsrc_batches_total', 'counter', 'Runs of the model.', this.batches),
      ...single('promptsrc_requests_in_flight', 'gauge', 'Requests begun and not answered.', inFlight),
      ...single('promptsrc_images_waiting', 'gauge', 'Images that wait for the model.', waiting),
      ...single('promptsrc_class_lists', 'gauge', 'Lists of classes held ready.', classLists),
      '',
    ].join('\n')
  }
}

const head = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

const single = (name: string, type: string, help: string, value: number): string[] => [
  ...head(name, type, help),
  `${name} ${value}`,
]
