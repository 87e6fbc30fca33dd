import { useEffect, useState } from 'preact/hooks'
import type { PictureRef, Place } from '../core/studio/place.js'

interface PictureProps {
  readonly place: Place
  readonly picture: PictureRef
  readonly size?: 'small' | 'large'
  readonly alt: string
}

/** A picture of the project. */
export function Picture({ place, picture: { classId, name }, size = 'small', alt }: PictureProps) {
  const [url, setUrl] = useState<string>()
  const [broken, setBroken] = useState(false)
  useEffect(() => {
    let mine: string | undefined
    let gone = false
    setBroken(false)
    place.pictureUrl({ classId, name }, size).then(
      (found) => {
        mine = found
        if (gone) place.releaseUrl(found)
        else setUrl(found)
      },
      () => setBroken(true),
    )
    return () => {
      gone = true
      if (mine !== undefined) place.releaseUrl(mine)
    }
  }, [place, classId, name, size])
  if (broken) {
    return (
      <span class="broken" role="img" aria-label={`${alt}, which cannot be read`}>
        cannot be read
      </span>
    )
  }
  return url === undefined ? (
    <span class="pending" />
  ) : (
    <img src={url} alt={alt} loading="lazy" draggable={false} onError={() => setBroken(true)} />
  )
}
