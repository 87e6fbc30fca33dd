import type { DownloadProgress } from '../node/hub/resolve-model.js'
import { type Progress, startProgress } from './progress.js'

/** Does what may download, showing it as bars, one file after the other. */
export async function showingDownloads<T>(
  work: (onProgress: (event: DownloadProgress) => void) => Promise<T>,
): Promise<T> {
  let current: { file: string; bar: Progress } | undefined
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  try {
    return await work(({ file, received, total }) => {
      if (current?.file !== file) {
        current?.bar.stop()
        current = { file, bar: startProgress(`${file} (MiB)`, mebibytes(total ?? 0), mebibytes(received)) }
      }
      current?.bar.update(mebibytes(received))
    })
  } finally {
    current?.bar.stop()
  }
}
