/** Pictures that were dropped or chosen together: those of a folder, or loose ones. */
export interface DroppedGroup {
  /** The folder right above the pictures; undefined for loose ones. */
  readonly folder: string | undefined
  readonly files: readonly File[]
}

/** What systems leave in folders, and hidden files. */
const isLeftover = (name: string): boolean => /^\.|^(thumbs\.db|desktop\.ini|__macosx)$/i.test(name)

/** What was dropped, by the folders that it lies in. */
export async function droppedGroups({ items }: DataTransfer): Promise<DroppedGroup[]> {
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
