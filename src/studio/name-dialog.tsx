import { useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import { Dialog } from './dialog.js'
import type { Studio } from './store.js'

interface NameDialogProps {
  readonly studio: Studio
  /** Pictures that wait for the class. */
  readonly files: readonly File[]
  readonly onClose: () => void
  readonly onNamed: (classId: string) => Promise<void>
}

/** Asks for the name of a class, new or, where pictures wait for it, known. */
export function NameDialog({ studio: { place, project }, files, onClose, onNamed }: NameDialogProps) {
  const [problem, setProblem] = useState<string>()
  const { classes } = project
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const name = `${form.get('name') ?? ''}`
    const there =
      files.length > 0 && classes.find((each) => each.name.toLowerCase() === name.trim().toLowerCase())
    try {
      await onNamed(there ? there.id : await place.addClass(name))
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      setProblem(`${message} ${hint ?? ''}`)
    }
  }
  return (
    <Dialog
      title={files.length === 0 ? 'A new class' : `${counted(files.length, 'picture')} for which class?`}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <label>
          Name of the class
          <input
            name="name"
            list="class-names"
            autocomplete="off"
            required
            maxLength={80}
            aria-invalid={problem !== undefined}
            aria-describedby="name-help"
          />
        </label>
        <p id="name-help" class={problem ? 'problem' : 'note'} role={problem ? 'alert' : undefined}>
          {problem ?? 'What its pictures show, in words: the model reads the name.'}
        </p>
        {files.length > 0 && (
          <datalist id="class-names">
            {classes.map(({ id, name }) => (
              <option key={id} value={name} />
            ))}
          </datalist>
        )}
        <div class="buttons end">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            {files.length === 0 ? 'Add the class' : 'Add the pictures'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
