import { UserError } from '../core/errors.js'

/** A camera that is on. */
export interface Camera extends Disposable {
  /** Shows what the camera sees; `imageOf(video)` is its present frame. It may be put into the page. */
  readonly video: HTMLVideoElement
  /** Turns the camera off. */
  stop(): void
}

/** What went wrong by the name that browsers give it, and the next step. */
const failures: Readonly<Record<string, readonly [found: string, hint: string]>> = {
  NotAllowedError: [
    'this page may not use the camera',
    'Allow it in the address bar of the browser or its settings, and try again; or choose files instead.',
  ],
  NotFoundError: ['there is no camera', 'Connect one, or choose files instead.'],
  NotReadableError: ['the camera cannot be read', 'Close other programs that use it, and try again.'],
  OverconstrainedError: ['there is no such camera', 'Take another one.'],
}

/**
 * Turns a camera on and waits for its first frame.
 *
 * @param facing `environment` for that at the back of a phone, where there are two
 * @throws UserError where there is none, it is refused or in use, or the page is not served by https
 */
export async function openCamera(facing: 'user' | 'environment' = 'environment'): Promise<Camera> {
  const { mediaDevices } = navigator as Partial<Navigator>
  if (!mediaDevices) {
    throw new UserError('this page cannot use a camera, as it is not served by https', {
      hint: 'Serve the page by https, or from localhost.',
    })
  }
  const stream = await mediaDevices.getUserMedia({ video: { facingMode: facing } }).catch((cause: Error) => {
    const [found, hint] = failures[cause.name] ?? [
      `the camera does not start (${cause.message})`,
      'Try again.',
    ]
    throw new UserError(found, { cause, hint })
  })
  const stop = () => {
    for (const track of stream.getTracks()) track.stop()
  }
  try {
    const video = document.createElement('video')
    video.muted = true
    video.playsInline = true
    video.srcObject = stream
    await video.play()
    return { video, stop, [Symbol.dispose]: stop }
  } catch (error) {
    stop()
    throw error
  }
}
