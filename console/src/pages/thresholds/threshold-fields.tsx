import { moveThreshold, type Severity, severities, type Thresholds } from './policy-body.ts'

interface ThresholdFieldsProps {
  /** What they are of, for their names: empty for those of everything. */
  readonly of: string
  readonly thresholds: Thresholds
  readonly isReadOnly: boolean
  readonly onChange: (thresholds: Thresholds) => void
}

/** From which score on each outcome is asked for, as numbers; an empty one is never asked for. */
export function ThresholdFields({ of, thresholds, isReadOnly, onChange }: ThresholdFieldsProps) {
  const set = (severity: Severity, text: string) => {
    const value = text === '' ? undefined : Number(text)
    if (value === undefined || (value >= 0 && value <= 1)) onChange(moveThreshold(thresholds, severity, value))
  }
  return (
    <>
      {severities.map((severity) => (
        <label key={severity} class={`threshold ${severity}`}>
          <span class="key" aria-hidden="true" /> {severity} from
          <input
            class="input"
            type="number"
            min={0}
            max={1}
            step={0.005}
            placeholder="never"
            aria-label={`${severity} from${of === '' ? '' : `, ${of}`}`}
            value={thresholds[severity] ?? ''}
            disabled={isReadOnly}
            onInput={({ currentTarget }) => set(severity, currentTarget.value)}
          />
        </label>
      ))}
    </>
  )
}
