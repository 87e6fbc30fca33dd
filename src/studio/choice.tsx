interface ChoiceProps {
  readonly name: string
  readonly checked: boolean
  readonly disabled?: boolean
  readonly onChosen: () => void
  readonly children: string
}

/** One of several things to choose from. */
export function Choice({ name, checked, disabled = false, onChosen, children }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={name} checked={checked} disabled={disabled} onChange={onChosen} />
      <span>{children}</span>
    </label>
  )
}
