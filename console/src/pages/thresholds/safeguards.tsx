import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { Labelled } from '../../ui/form-dialog.tsx'
import { outcomes } from '../../ui/outcome.tsx'
import { Optional } from './costs.tsx'
import { NumberField } from './number-field.tsx'
import { type Fuse, type PolicyBody, type Severity, severities } from './policy-body.ts'

interface SafeguardsProps {
  readonly policy: PolicyBody
  /** Fuses that hold now. */
  readonly tripped: readonly string[]
  readonly isReadOnly: boolean
  readonly onChange: (policy: PolicyBody) => void
  readonly onReset: () => void
}

const milder = { challenge: 'approve', review: 'approve', decline: 'review' } as const

/** What keeps a mistake small: fuses, the control group, and what happens without a score. */
export function Safeguards({ policy, tripped, isReadOnly, onChange, onReset }: SafeguardsProps) {
  const { fuses = {}, controlGroup, whenUnavailable = 'review', deadlineMs = 100 } = policy
  const setFuse = (severity: Severity, fuse: Fuse | undefined) => {
    const { fuses: _, ...others } = policy
    const { [severity]: __, ...rest } = fuses
    const changed = fuse === undefined ? rest : { ...rest, [severity]: fuse }
    onChange(Object.keys(changed).length === 0 ? others : { ...others, fuses: changed })
  }
  const setGroup = (group: PolicyBody['controlGroup']) => {
    const { controlGroup: _, ...others } = policy
    onChange(group === undefined ? others : { ...others, controlGroup: group })
  }
  return (
    <section class="panel">
      <header>
        <h2>Safeguards</h2>
      </header>
      <div class="inside fields costs">
        {severities.map((severity) => (
          <FuseFields
            key={severity}
            severity={severity}
            fuse={fuses[severity]}
            isTripped={tripped.includes(severity)}
            isReadOnly={isReadOnly}
            onChange={(fuse) => setFuse(severity, fuse)}
            onReset={onReset}
          />
        ))}
        <Optional
          name="Control group: some of what would be declined passes, so that labels show what declines are worth"
          isOn={controlGroup !== undefined}
          isReadOnly={isReadOnly}
          onChange={(isOn) => setGroup(isOn ? { share: 0.01, upTo: 50 } : undefined)}
        />
        {controlGroup !== undefined && (
          <>
            <NumberField
              label="Passes"
              isPercent
              isRequired
              {...{ value: controlGroup.share, isReadOnly }}
              onChange={(share = 0) => setGroup({ ...controlGroup, share })}
            />
            <NumberField
              label="Of amounts up to"
              isRequired
              {...{ value: controlGroup.upTo, isReadOnly }}
              onChange={(upTo = 0) => setGroup({ ...controlGroup, upTo })}
            />
          </>
        )}
        <p class="whole label">Without a score</p>
        <Labelled id="when-unavailable" label="The outcome is">
          <select
            id="when-unavailable"
            class="input"
            value={whenUnavailable}
            disabled={isReadOnly}
            onChange={({ currentTarget }) => {
              const found = outcomes.find((each) => each === currentTarget.value)
              if (found !== undefined) onChange({ ...policy, whenUnavailable: found })
            }}
          >
            {outcomes.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Labelled>
        <NumberField
          label="A score may take, ms"
          isWhole
          isRequired
          {...{ value: deadlineMs, isReadOnly }}
          onChange={(ms = 100) => onChange({ ...policy, deadlineMs: ms })}
        />
      </div>
    </section>
  )
}

interface FuseFieldsProps {
  readonly severity: Severity
  readonly fuse: Fuse | undefined
  readonly isTripped: boolean
  readonly isReadOnly: boolean
  readonly onChange: (fuse: Fuse | undefined) => void
  readonly onReset: () => void
}

function FuseFields({ severity, fuse, isTripped, isReadOnly, onChange, onReset }: FuseFieldsProps) {
  const reset = useAction(
    () => ask(client.POST('/v1/policy/fuses/{id}/reset', { params: { path: { id: severity } }, body: {} })),
    { said: `The fuse of ${severity} is put back`, then: onReset },
  )
  return (
    <>
      <span class="row wrap whole">
        <Optional
          name={`Fuse of ${severity}: past its share of decisions a milder outcome takes its place`}
          isOn={fuse !== undefined}
          isReadOnly={isReadOnly}
          onChange={(isOn) =>
            onChange(isOn ? { share: 0.1, over: '1h', atLeast: 100, then: milder[severity] } : undefined)
          }
        />
        {isTripped && <span class="badge decline">tripped</span>}
        {isTripped && !isReadOnly && (
          <button
            type="button"
            class="button small"
            disabled={reset.isRunning}
            onClick={() => void reset.run(undefined)}
          >
            Put it back
          </button>
        )}
      </span>
      {fuse !== undefined && (
        <>
          <NumberField
            label={`Share of ${severity}`}
            isPercent
            isRequired
            {...{ value: fuse.share, isReadOnly }}
            onChange={(share = 0) => onChange({ ...fuse, share })}
          />
          <Labelled id={`over-${severity}`} label="Over">
            <input
              id={`over-${severity}`}
              class="input"
              value={fuse.over}
              placeholder="1h"
              disabled={isReadOnly}
              onInput={({ currentTarget }) => onChange({ ...fuse, over: currentTarget.value })}
            />
          </Labelled>
          <NumberField
            label="Of at least, decisions"
            isWhole
            isRequired
            {...{ value: fuse.atLeast, isReadOnly }}
            onChange={(atLeast = 1) => onChange({ ...fuse, atLeast })}
          />
          <Labelled id={`then-${severity}`} label="Then">
            <select
              id={`then-${severity}`}
              class="input"
              value={fuse.then}
              disabled={isReadOnly}
              onChange={({ currentTarget }) => {
                const found = outcomes.find((each) => each === currentTarget.value)
                if (found !== undefined) onChange({ ...fuse, then: found })
              }}
            >
              {outcomes.slice(0, outcomes.indexOf(severity)).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </Labelled>
        </>
      )}
    </>
  )
}
