import { render } from 'preact'
import type { Place } from '../core/studio/place.js'
import { App } from './app.js'
import { HttpPlace } from './http-place.js'

/** The page says where it is computed: `promptsrc studio --build` writes another one than the server gives. */
async function placeOfPage(): Promise<Place> {
  const where = document.querySelector<HTMLMetaElement>('meta[name=studio-place]')?.content
  return where === 'tab' ? (await import('./tab-place.js')).TabPlace.open() : new HttpPlace()
}

// The token was exchanged for a cookie: it need not stay in the address, nor in the history.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname + location.hash)

const place = await placeOfPage()
const root = document.getElementById('studio')!
root.replaceChildren()
render(<App place={place} />, root)
