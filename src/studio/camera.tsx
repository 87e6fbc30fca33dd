import { useEffect, useRef, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import { type Camera, openCamera } from '../web/camera.js'
import { Dialog } from './dialog.js'
import { problemOf } from './store.js'

/** A camera's picture in an element, while it is on. */
export function useCamera(on: boolean) {
  const stage = useRef<HTMLDivElement>(null)
  const [camera, setCamera] = useState<Camera>()
  const [problem, setProblem] = useState<string>()
  const [attempt, setAttempt] = useState(0)
  // Another attempt asks again.
  useEffect(() => {
    if (!on) return
    let opened: Camera | undefined
    let gone = false
    setProblem(undefined)
    openCamera().then(
      (found) => {
        opened = found
        if (gone) return found.stop()
        found.video.setAttribute('aria-label', 'What the camera shows')
        stage.current?.replaceChildren(found.video)
        setCamera(found)
      },
      (error) => {
        const { message, hint } = problemOf(error)
        if (!gone) setProblem(`${message.replace(/^./, (first) => first.toUpperCase())}. ${hint ?? ''}`)
      },
    )
    return () => {
      gone = true
      setCamera(undefined)
      opened?.stop()
      opened?.video.remove()
    }
  }, [on, attempt])
  return { stage, video: camera?.video, problem, again: () => setAttempt((n) => n + 1) }
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
  const { stage, video, problem, again } = useCamera(true)
  const [taken, setTaken] = useState(0)
  const take = async () => {
    const blob = await snapshot(video!)
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
        <div ref={stage} class="camera" />
      )}
      <div class="buttons">
        {problem ? (
          <button type="button" class="primary" onClick={again}>
            Try again
          </button>
        ) : (
          <button type="button" class="primary" disabled={!video} onClick={take}>
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
