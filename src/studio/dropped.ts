import { useEffect, useRef, useState } from 'preact/hooks'

/** Pictures that were dropped or chosen together: those of a folder, or loose ones. */
export interface DroppedGroup {
  /** The folder right above the pictures; undefined for loose ones. */
  readonly folder: string | undefined
  readonly files: readonly File[]
}

/** What systems leave in folders, and hidden files. */
const isLeftover = (name: string): boolean => /^\.|^(thumbs\.db|desktop\.ini|__macosx)$/i.test(name)

/**
 * Takes what is dropped on the page or pasted into it. Where it lands on the card of a class, that is named.
 *
 * @returns whether files are being dragged over the page
 */
export function useDropped(
  take: (groups: readonly DroppedGroup[], classId?: string) => Promise<void>,
): boolean {
  const [dragging, setDragging] = useState(false)
  const latest = useRef(take)
  latest.current = take
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setDragging(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false)
    }
    const drop = async (event: DragEvent) => {
      setDragging(false)
      if (!hasFiles(event)) return
      event.preventDefault()
      const card = (event.target as Element).closest<HTMLElement>('[data-class]')
      await latest.current(await droppedGroups(event.dataTransfer!), card?.dataset.class)
    }
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length === 0) return
      event.preventDefault()
      const card = document.activeElement?.closest<HTMLElement>('[data-class]')
      void latest.current([{ folder: undefined, files }], card?.dataset.class)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])
  return dragging
}

/** What was dropped, by the folders that it lies in. */
async function droppedGroups({ items }: DataTransfer): Promise<DroppedGroup[]> {
  const entries = Array.from(items).flatMap((item) => item.webkitGetAsEntry() ?? [])
  const found: [string | undefined, File][] = []
  for (const entry of entries) await walk(entry, undefined, found)
  return grouped(found)
}

/** What was chosen in an input: with folders where it takes these. */
export function chosenGroups(files: Iterable<File>): DroppedGroup[] {
  return grouped(
    [...files].map((file) => [file.webkitRelativePath.split('/').at(-2), file] as [string | undefined, File]),
  )
}

async function walk(
  entry: FileSystemEntry,
  folder: string | undefined,
  found: [string | undefined, File][],
): Promise<void> {
  if (isLeftover(entry.name)) return
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    found.push([folder, file])
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return
    for (const each of some) await walk(each, entry.name, found)
  }
}

function grouped(found: readonly (readonly [folder: string | undefined, file: File])[]): DroppedGroup[] {
  const groups = new Map<string | undefined, File[]>()
  for (const [folder, file] of found) {
    if (isLeftover(file.name)) continue
    const group = groups.get(folder)
    if (group) group.push(file)
    else groups.set(folder, [file])
  }
  return [...groups].map(([folder, files]) => ({ folder, files }))
}
