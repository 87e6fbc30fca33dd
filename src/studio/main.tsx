import { render } from 'preact'
import type { Place } from '../core/studio/place.js'
import { App } from './app.js'
import { HttpPlace } from './http-place.js'

async function placeOfPage(): Promise<Place> {
  return new HttpPlace()
}

// The token was exchanged for a cookie: it need not stay in the address, nor in the history.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname + location.hash)

const place = await placeOfPage()
const root = document.getElementById('studio')!
root.replaceChildren()
render(<App place={place} />, root)
