import { useState } from 'preact/hooks'
import type { ModelChoice } from '../core/studio/place.js'
import { megabytes, type Studio } from './store.js'

interface ModelPickerProps {
  readonly studio: Studio
  readonly models: readonly ModelChoice[] | undefined
  readonly chosen: string
  readonly onChosen: (name: string) => void
  readonly onFound: (model: ModelChoice) => void
}

/** What to learn with. */
export function ModelPicker({
  studio: { place, attempt },
  models,
  chosen,
  onChosen,
  onFound,
}: ModelPickerProps) {
  const [other, setOther] = useState('')
  const [looking, setLooking] = useState(false)
  const find = async () => {
    setLooking(true)
    const found = await attempt(() => place.findModel(other.trim()))
    setLooking(false)
    if (!found) return
    onFound(found)
    onChosen(found.name)
    setOther('')
  }
  return (
    <fieldset class="models">
      <legend>What it builds on</legend>
      {!models && <p role="status">Looking for models…</p>}
      <div class="options">
        {models?.map((model) => (
          <label class="option" key={model.name}>
            <input
              type="radio"
              name="model"
              checked={model.name === chosen}
              onChange={() => onChosen(model.name)}
            />
            <span>
              <b>{model.title}</b>
              <span class="about">{model.about}</span>
              <small>
                {model.name === model.title ? '' : `${model.name} · `}
                {whereOf(model)}
              </small>
            </span>
          </label>
        ))}
      </div>
      {place.kind === 'computer' && (
        <details>
          <summary>Another model</summary>
          <div class="another">
            <label>
              A file or folder on this computer, or a name on huggingface.co
              <input
                value={other}
                placeholder="laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
                spellcheck={false}
                onInput={(event) => setOther(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' && other.trim()) void find()
                }}
              />
            </label>
            <button type="button" disabled={!other.trim() || looking} onClick={find}>
              {looking ? 'Looking…' : 'Find it'}
            </button>
          </div>
        </details>
      )}
    </fieldset>
  )
}

function whereOf({ here, bytes, host }: ModelChoice): string {
  if (here) return 'here, nothing to download'
  if (!bytes) return `to download from ${host ?? 'the network'}, which does not answer now`
  return `${megabytes(bytes)} to download once from ${host}`
}
