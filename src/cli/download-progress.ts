import type { DownloadProgress } from '../node/hub/resolve-model.js'
import { type Progress, startProgress } from './progress.js'

/** Shows downloads as bars, one file after the other. */
export function downloadBars(): { onProgress: (event: DownloadProgress) => void; stop: () => void } {
  let current: { file: string; bar: Progress } | undefined
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  return {
    onProgress({ file, received, total }) {
      if (current?.file !== file) {
        current?.bar.stop()
        current = { file, bar: startProgress(`${file} (MiB)`, mebibytes(total ?? 0), mebibytes(received)) }
      }
      current?.bar.update(mebibytes(received))
    },
    stop: () => current?.bar.stop(),
  }
}
