import { openAsBlob } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** What `promptsrc serve` answers. */
export interface Answer {
  /** The likeliest class; null where the image shows none of them. */
  readonly answer: string | null
  readonly classes: readonly { readonly className: string; readonly probability: number }[]
}

/** What may be asked beside the image. */
export interface Question {
  readonly token?: string
  /** Classes to choose from in place of those that were trained. */
  readonly classes?: readonly string[]
  readonly top?: number
}

/** Asks a server at `url` (`http://127.0.0.1:8080`) what an image file shows. */
export async function classify(url: string, path: string, question: Question = {}): Promise<Answer> {
  const { token, classes = [], top = 5 } = question
  const form = new FormData()
  form.set('image', await openAsBlob(path))
  form.set('top', `${top}`)
  for (const name of classes) form.append('classes', name)
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  const response = await fetch(`${url}/classify`, { method: 'POST', body: form, headers })
  const result = (await response.json()) as Answer & { error?: string }
  // 503 asks to come again: `retry-after` says in how many seconds.
  if (!response.ok) throw new Error(`${response.status}: ${result.error}`)
  return result
}

// npx tsx examples/server-fetch/classify.ts http://127.0.0.1:8080 new.jpg
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [url, path, ...classes] = process.argv.slice(2)
  console.log(await classify(url!, path!, { classes }))
}
