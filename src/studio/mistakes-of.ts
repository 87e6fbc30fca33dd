import type { Project } from '../core/studio/place.js'
import type { ReportedPicture, StudioReport } from '../core/studio/report.js'

/** A picture of a report in the class that it lies in now. */
export interface JudgedPicture extends ReportedPicture {
  /** Place of that class in the report. */
  readonly label: number
  /** Whether it was in another class when the run learned. */
  readonly moved: boolean
}

/**
 * The pictures of a report that are still in the project, by the classes that they are in now: one that was moved after the
 * training is known by its name, one that was removed is left out.
 */
export function judgedPictures({ classes, pictures }: StudioReport, project: Project): JudgedPicture[] {
  const now = new Map(project.classes.map(({ id, pictures: names }) => [id, new Set(names)]))
  return pictures.flatMap((picture) => {
    const own = now.get(picture.classId)?.has(picture.name)
    const elsewhere = own ? [] : [...now].filter(([, names]) => names.has(picture.name)).map(([id]) => id)
    const classId = own ? picture.classId : elsewhere.length === 1 ? elsewhere[0]! : undefined
    const label = classes.findIndex(({ id }) => id === classId)
    return label < 0 ? [] : [{ ...picture, classId: classId!, label, moved: !own }]
  })
}

/** Pictures by the class that they are in (row) and the one they were taken for (column). */
export function matrixOf(
  pictures: readonly JudgedPicture[],
  classes: number,
  which: 'trained' | 'zeroShot',
): JudgedPicture[][][] {
  const matrix = Array.from({ length: classes }, () =>
    Array.from({ length: classes }, (): JudgedPicture[] => []),
  )
  for (const picture of pictures) matrix[picture.label]![picture[which].answer]!.push(picture)
  return matrix
}
