import type { TrainingState } from '../../core/studio/training-state.js'

/** What pages are told as it happens. */
export interface StudioEvents {
  readonly training: TrainingState
  /** Something of the project. */
  readonly changed: null
}

type StudioEvent = {
  [Name in keyof StudioEvents]: readonly [name: Name, data: StudioEvents[Name]]
}[keyof StudioEvents]

/** How often an open stream is written to where nothing happens, so that a page that is gone is noticed. */
const KEEP_ALIVE_MS = 15_000

/** Server-sent events, to every page that looks on. */
export class EventStreams {
  private readonly streams = new Set<ReadableStreamDefaultController<Bytes>>()
  private readonly timer = setInterval(() => this.write(': \n\n'), KEEP_ALIVE_MS)
  private ended = false

  constructor() {
    this.timer.unref()
  }

  /** An answer that goes on until the page leaves, or the streams end; it begins with an event of how things are. */
  open(signal: AbortSignal, first: StudioEvent): Response {
    const { streams } = this
    let mine: ReadableStreamDefaultController<Bytes>
    const leave = () => {
      streams.delete(mine)
    }
    const body = new ReadableStream<Bytes>({
      start: (stream) => {
        const controller = stream as ReadableStreamDefaultController<Bytes>
        mine = controller
        controller.enqueue(encoded(message(first)))
        if (this.ended) controller.close()
        else streams.add(controller)
      },
      cancel: leave,
    })
    signal.addEventListener('abort', leave, { once: true })
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    })
  }

  send(...event: StudioEvent): void {
    this.write(message(event))
  }

  /** Ends all streams: a server that stops waits for its answers. */
  end(): void {
    this.ended = true
    clearInterval(this.timer)
    for (const stream of this.streams) stream.close()
    this.streams.clear()
  }

  private write(text: string): void {
    for (const stream of this.streams) {
      try {
        stream.enqueue(encoded(text))
      } catch {
        this.streams.delete(stream)
      }
    }
  }
}

const message = ([event, data]: StudioEvent): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

type Bytes = Uint8Array<ArrayBuffer>

const encoded = (text: string): Bytes => new TextEncoder().encode(text)
