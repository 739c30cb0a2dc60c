import type { PolicyBody, Segment } from './policy-body.ts'
import { ThresholdFields } from './threshold-fields.tsx'

interface SegmentsProps {
  readonly policy: PolicyBody
  readonly isReadOnly: boolean
  readonly onChange: (policy: PolicyBody) => void
}

/** Thresholds of their own for some transactions: the first segment that matches counts. */
export function Segments({ policy, isReadOnly, onChange }: SegmentsProps) {
  const { segments = [] } = policy
  const set = (changed: readonly Segment[]) => {
    const { segments: _, ...others } = policy
    onChange(changed.length === 0 ? others : { ...others, segments: [...changed] })
  }
  const change = (index: number, some: Partial<Segment>) =>
    set(segments.map((each, i) => (i === index ? { ...each, ...some } : each)))
  const move = (index: number) =>
    set(segments.toSpliced(index - 1, 2, ...segments.slice(index - 1, index + 1).toReversed()))
  const add = () =>
    set([...segments, { name: `segment ${segments.length + 1}`, when: '', thresholds: { ...policy.thresholds } }])
  return (
    <section class="panel">
      <header>
        <h2>Segments</h2>
        {!isReadOnly && (
          <button type="button" class="button small" onClick={add}>
            Add a segment
          </button>
        )}
      </header>
      {segments.length === 0 ? (
        <p class="inside muted">None: the thresholds above count for everything.</p>
      ) : (
        <ol class="segments">
          {segments.map((segment, i) => (
            <li key={i}>
              <div class="segment">
                <input
                  class="input"
                  aria-label={`Name of segment ${i + 1}`}
                  value={segment.name}
                  disabled={isReadOnly}
                  onInput={({ currentTarget }) => change(i, { name: currentTarget.value })}
                />
                <input
                  class="input mono"
                  aria-label={`Condition of ${segment.name}`}
                  placeholder='country == "NG"'
                  spellcheck={false}
                  value={segment.when}
                  disabled={isReadOnly}
                  onInput={({ currentTarget }) => change(i, { when: currentTarget.value })}
                />
              </div>
              <div class="row wrap">
                <ThresholdFields
                  of={segment.name}
                  thresholds={segment.thresholds}
                  isReadOnly={isReadOnly}
                  onChange={(thresholds) => change(i, { thresholds })}
                />
                {!isReadOnly && (
                  <span class="row end">
                    {i > 0 && (
                      <button
                        type="button"
                        class="button quiet small"
                        aria-label={`Ask ${segment.name} earlier`}
                        onClick={() => move(i)}
                      >
                        ↑
                      </button>
                    )}
                    <button
                      type="button"
                      class="button quiet small"
                      aria-label={`Remove ${segment.name}`}
                      onClick={() => set(segments.toSpliced(i, 1))}
                    >
                      Remove
                    </button>
                  </span>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
