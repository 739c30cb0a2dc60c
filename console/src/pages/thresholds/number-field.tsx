import { useId } from 'preact/hooks'

interface NumberFieldProps {
  readonly label: string
  readonly hint?: string
  /** Undefined where it is left out. */
  readonly value: number | undefined
  readonly isReadOnly: boolean
  readonly isPercent?: boolean
  readonly isWhole?: boolean
  readonly isRequired?: boolean
  readonly onChange: (value: number | undefined) => void
}

/** A number of the policy; a share is shown in percent. An empty one is left out, or is 0 where it can't be. */
export function NumberField(props: NumberFieldProps) {
  const { label, hint, value, isReadOnly, isPercent = false, isWhole = false, isRequired = false, onChange } = props
  const id = useId()
  const factor = isPercent ? 100 : 1
  return (
    <div class="field">
      <label for={id}>
        {label}
        {isPercent && ', %'}
      </label>
      <input
        id={id}
        class="input"
        type="number"
        min={0}
        step={isWhole ? 1 : 'any'}
        value={value === undefined ? '' : Number((value * factor).toPrecision(12))}
        placeholder={isRequired ? '0' : 'none'}
        disabled={isReadOnly}
        onInput={({ currentTarget }) => {
          const number = currentTarget.value === '' ? undefined : Number(currentTarget.value) / factor
          if (number === undefined ? !isRequired : Number.isFinite(number)) onChange(number)
          else onChange(0)
        }}
      />
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  )
}
