import type { PictureRef, Project } from '../core/studio/place.js'
import type { ReportedPicture, StudioReport } from '../core/studio/report.js'

/** Where pictures were moved to, as long as the page is open. */
export class Moves {
  private readonly places = new Map<string, PictureRef>()

  moved(from: PictureRef, to: PictureRef): void {
    for (const [origin, place] of this.places) {
      if (keyOf(place) === keyOf(from)) this.places.set(origin, to)
    }
    this.places.set(keyOf(from), to)
    this.places.set(keyOf(to), to)
  }

  /** Where a picture lies by now that lay somewhere. */
  placeOf(picture: PictureRef): PictureRef {
    return this.places.get(keyOf(picture)) ?? picture
  }
}

const keyOf = ({ classId, name }: PictureRef): string => `${classId}/${name}`

/** A picture of a report in the class that it lies in now. */
export interface JudgedPicture extends ReportedPicture {
  /** Place of that class in the report. */
  readonly label: number
  /** Whether it was in another class when the run learned. */
  readonly moved: boolean
}

/**
 * The pictures of a report that are still in the project, by the classes that they are in now. One that was moved before the page
 * was opened is known by its name, where no other picture has it; one that was removed is left out.
 */
export function judgedPictures(
  { classes, pictures }: StudioReport,
  project: Project,
  moves = new Moves(),
): JudgedPicture[] {
  const there = new Map(
    project.classes.flatMap(({ id: classId, pictures: names }) =>
      names.map((name) => [keyOf({ classId, name }), { classId, name }] as const),
    ),
  )
  const reported = new Set(pictures.map(keyOf))
  const strangers = [...there.values()].filter((picture) => !reported.has(keyOf(picture)))
  return pictures.flatMap((picture) => {
    const place = there.get(keyOf(moves.placeOf(picture)))
    const alike = place ? [] : strangers.filter(({ name }) => name === picture.name)
    const now = place ?? (alike.length === 1 ? alike[0] : undefined)
    const label = classes.findIndex(({ id }) => id === now?.classId)
    return now === undefined || label < 0
      ? []
      : [{ ...picture, ...now, label, moved: now.classId !== picture.classId }]
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
