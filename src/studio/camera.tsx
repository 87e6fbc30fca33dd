import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog } from './dialog.js'
import { counted } from './store.js'

/** Why a camera gives no picture, and what to do. */
export function cameraProblem(error: unknown): string {
  switch ((error as Error).name) {
    case 'NotAllowedError':
      return 'The browser may not use the camera. Allow it by the camera sign beside the address, then try again.'
    case 'NotFoundError':
      return 'No camera was found. Connect one, or add pictures from files.'
    case 'NotReadableError':
      return 'The camera is used by another program. Close that one, then try again.'
    default:
      return `The camera gives no picture: ${(error as Error).message}. Add pictures from files instead.`
  }
}

/** A camera's picture in a video element, while it is there. */
export function useCamera(on: boolean) {
  const video = useRef<HTMLVideoElement>(null)
  const [problem, setProblem] = useState<string>()
  const [ready, setReady] = useState(false)
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
  useEffect(() => {
    if (!on) return
    let stream: MediaStream | undefined
    let gone = false
    const start = async () => {
      setProblem(undefined)
      try {
        if (!navigator.mediaDevices) throw new DOMException('this page is not served safely', 'SecurityError')
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: 'environment', width: { ideal: 1280 } },
        })
        if (gone) return stopTracks(stream)
        video.current!.srcObject = stream
        await video.current!.play()
        setReady(true)
      } catch (error) {
        if (!gone) setProblem(cameraProblem(error))
      }
    }
    void start()
    return () => {
      gone = true
      setReady(false)
      stopTracks(stream)
    }
  }, [on, attempt])
  return { video, problem, ready, again: () => setAttempt((n) => n + 1) }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** What a camera shows now, as a file. */
export async function snapshot(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d')!.drawImage(video, 0, 0)
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.92),
  )
}

interface CameraDialogProps {
  readonly className: string
  readonly count: number
  readonly onPicture: (file: File) => Promise<void>
  readonly onClose: () => void
}

/** Takes pictures of a class with the camera. */
export function CameraDialog({ className, count, onPicture, onClose }: CameraDialogProps) {
  const { video, problem, ready, again } = useCamera(true)
  const [taken, setTaken] = useState(0)
  const take = async () => {
    const blob = await snapshot(video.current!)
    setTaken((n) => n + 1)
    const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 19)
    await onPicture(new File([blob], `camera-${time}.jpg`, { type: 'image/jpeg' }))
  }
  return (
    <Dialog title={`Camera: ${className}`} wide onClose={onClose}>
      {problem ? (
        <p class="problem" role="alert">
          {problem}
        </p>
      ) : (
        <video ref={video} class="camera" muted playsInline aria-label="What the camera shows" />
      )}
      <div class="buttons">
        {problem ? (
          <button type="button" class="primary" onClick={again}>
            Try again
          </button>
        ) : (
          <button type="button" class="primary" disabled={!ready} onClick={take}>
            Take a picture
          </button>
        )}
        <span class="note" role="status">
          {taken > 0
            ? `${taken} taken, ${counted(count, 'picture')} in the class`
            : 'Turn the thing around between pictures.'}
        </span>
      </div>
    </Dialog>
  )
}
