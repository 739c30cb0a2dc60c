import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { outcomes } from '../../ui/outcome.tsx'
import { type Rule, type RuleChange, ruleStates, stateWords } from './draft.ts'

interface RuleFieldsProps {
  readonly rule: Rule
  readonly isNew: boolean
  readonly isReadOnly: boolean
  readonly onChange: (some: RuleChange) => void
  readonly problems: readonly { readonly field: string; readonly reason: string }[]
}

/** What a rule is beside its condition. */
export function RuleFields({ rule, isNew, isReadOnly, onChange, problems }: RuleFieldsProps) {
  const problemOf = (field: string) => problems.find((each) => each.field === field)?.reason
  return (
    <section class="panel">
      <header>
        <h2>Then</h2>
      </header>
      <fieldset class="inside fields" disabled={isReadOnly}>
        <Field label="Name" problem={problemOf('id')}>
          {(id) => (
            <input
              id={id}
              class="input"
              value={rule.id}
              disabled={!isNew}
              placeholder="many-small-payments"
              onInput={({ currentTarget }) => onChange({ id: currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Outcome">
          {(id) => (
            <select
              id={id}
              class="input"
              value={rule.then}
              onChange={({ currentTarget }) =>
                onChange({ then: find([...outcomes, 'tag'] as const, currentTarget.value) ?? 'review' })
              }
            >
              {[...outcomes, 'tag'].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="State" hint={stateWords[rule.state ?? 'live']}>
          {(id) => (
            <select
              id={id}
              class="input"
              value={rule.state ?? 'live'}
              onChange={({ currentTarget }) => onChange({ state: find(ruleStates, currentTarget.value) ?? 'draft' })}
            >
              {ruleStates.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <MoreFields rule={rule} onChange={onChange} problemOf={problemOf} />
      </fieldset>
    </section>
  )
}

interface MoreFieldsProps extends Pick<RuleFieldsProps, 'rule' | 'onChange'> {
  readonly problemOf: (field: string) => string | undefined
}

function MoreFields({ rule, onChange, problemOf }: MoreFieldsProps) {
  return (
    <>
      <Field label="Strength" hint="final beats override, and override beats plain">
        {(id) => (
          <select
            id={id}
            class="input"
            value={rule.strength ?? 'plain'}
            onChange={({ currentTarget }) =>
              onChange({ strength: find(['plain', 'override', 'final'] as const, currentTarget.value) ?? 'plain' })
            }
          >
            <option>plain</option>
            <option>override</option>
            <option>final</option>
          </select>
        )}
      </Field>
      <Field label="Share of what it fits, in percent" problem={problemOf('share')}>
        {(id) => (
          <input
            id={id}
            class="input"
            type="number"
            min={0}
            max={100}
            step="any"
            value={rule.share === undefined ? '' : rule.share * 100}
            placeholder="100"
            onInput={({ currentTarget }) => {
              onChange({ share: currentTarget.value === '' ? undefined : Number(currentTarget.value) / 100 })
            }}
          />
        )}
      </Field>
      <Field label="Tags" hint="separated by commas" problem={problemOf('tags')}>
        {(id) => (
          <input
            id={id}
            class="input"
            value={(rule.tags ?? []).join(', ')}
            onChange={({ currentTarget }) =>
              onChange({
                tags: currentTarget.value
                  .split(',')
                  .map((tag) => tag.trim())
                  .filter((tag) => tag !== ''),
              })
            }
          />
        )}
      </Field>
      <Field
        label="Reason, as the decision tells it"
        hint="{name} is replaced by the value"
        problem={problemOf('reason')}
        isWide
      >
        {(id) => (
          <input
            id={id}
            class="input"
            value={rule.reason ?? ''}
            placeholder="{card_count_1h} payments of this card within an hour"
            onInput={({ currentTarget }) => onChange({ reason: currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Note" problem={problemOf('note')} isWide>
        {(id) => (
          <textarea
            id={id}
            class="input"
            rows={2}
            value={rule.note ?? ''}
            onInput={({ currentTarget }) => onChange({ note: currentTarget.value })}
          />
        )}
      </Field>
    </>
  )
}

function find<Value extends string>(values: readonly Value[], text: string): Value | undefined {
  return values.find((each) => each === text)
}

interface FieldProps {
  readonly label: string
  readonly hint?: string | undefined
  readonly problem?: string | undefined
  readonly isWide?: boolean
  readonly children: (id: string) => ComponentChildren
}

function Field({ label, hint, problem, isWide = false, children }: FieldProps) {
  const id = useId()
  return (
    <div class={isWide ? 'field whole' : 'field'}>
      <label for={id}>{label}</label>
      {children(id)}
      {problem !== undefined ? <p class="problem">{problem}</p> : hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  )
}
