import { detector } from '../../api/detector.ts'
import { formatMoney } from '../../ui/figures.ts'
import { NumberField } from './number-field.tsx'
import type { Costs, PolicyBody } from './policy-body.ts'

interface CostsProps {
  readonly policy: PolicyBody
  readonly isReadOnly: boolean
  readonly onChange: (policy: PolicyBody) => void
}

type Changed = { readonly [Name in keyof Costs]?: Costs[Name] | undefined }

const first: Costs = { missedFraud: { share: 1, fixed: 0 }, wrongDecline: { share: 0, fixed: 0 } }

/** What right and wrong outcomes cost, and whether that decides. */
export function CostsPanel({ policy, isReadOnly, onChange }: CostsProps) {
  const { costs, decideBy = 'thresholds' } = policy
  const set = (changed: Changed) => onChange({ ...policy, costs: withoutGaps({ ...(costs ?? first), ...changed }) })
  return (
    <section class="panel">
      <header>
        <h2>Costs</h2>
        <div class="row">
          <label for="decide-by" class="small">
            Decide by
          </label>
          <select
            id="decide-by"
            class="input choice"
            value={decideBy}
            disabled={isReadOnly || costs === undefined}
            onChange={({ currentTarget }) =>
              onChange({ ...policy, decideBy: currentTarget.value === 'cost' ? 'cost' : 'thresholds' })
            }
          >
            <option value="thresholds">thresholds</option>
            <option value="cost">least expected cost</option>
          </select>
        </div>
      </header>
      {costs === undefined ? (
        <div class="state">
          <p class="state-title">No costs are known</p>
          <p class="muted">
            With them every change is told in money, and the outcome of least expected cost can decide.
          </p>
          {!isReadOnly && (
            <button type="button" class="button" onClick={() => set({})}>
              Say what outcomes cost
            </button>
          )}
        </div>
      ) : (
        <div class="inside stack">
          <CostFields costs={costs} isReadOnly={isReadOnly} onChange={set} />
        </div>
      )}
    </section>
  )
}

interface CostFieldsProps {
  readonly costs: Costs
  readonly isReadOnly: boolean
  readonly onChange: (changed: Changed) => void
}

function CostFields({ costs, isReadOnly, onChange }: CostFieldsProps) {
  const { missedFraud, wrongDecline, review, challenge } = costs
  return (
    <div class="fields costs">
      <NumberField
        label="Missed fraud: of the amount"
        hint={priceOf(missedFraud)}
        isPercent
        {...{ value: missedFraud.share, isReadOnly }}
        onChange={(share) => onChange({ missedFraud: withoutGaps({ ...missedFraud, share }) })}
      />
      <NumberField
        label="and in any case"
        {...{ value: missedFraud.fixed, isReadOnly }}
        onChange={(fixed) => onChange({ missedFraud: withoutGaps({ ...missedFraud, fixed }) })}
      />
      <NumberField
        label="Wrong decline: of the amount"
        hint={priceOf(wrongDecline)}
        isPercent
        {...{ value: wrongDecline.share, isReadOnly }}
        onChange={(share) => onChange({ wrongDecline: withoutGaps({ ...wrongDecline, share }) })}
      />
      <NumberField
        label="and in any case"
        {...{ value: wrongDecline.fixed, isReadOnly }}
        onChange={(fixed) => onChange({ wrongDecline: withoutGaps({ ...wrongDecline, fixed }) })}
      />
      <Optional
        name="People review"
        isOn={review !== undefined}
        isReadOnly={isReadOnly}
        onChange={(isOn) => onChange({ review: isOn ? { cost: 5, finds: 0.8 } : undefined })}
      />
      {review !== undefined && (
        <>
          <NumberField
            label="A review"
            isRequired
            {...{ value: review.cost, isReadOnly }}
            onChange={(cost = 0) => onChange({ review: { ...review, cost } })}
          />
          <NumberField
            label="Fraud that reviews find"
            isPercent
            isRequired
            {...{ value: review.finds, isReadOnly }}
            onChange={(finds = 0) => onChange({ review: { ...review, finds } })}
          />
          <NumberField
            label="Reviews a day, at most"
            isWhole
            {...{ value: review.perDay, isReadOnly }}
            onChange={(perDay) => onChange({ review: withoutGaps({ ...review, perDay }) })}
          />
        </>
      )}
      <Optional
        name="There is a step-up"
        isOn={challenge !== undefined}
        isReadOnly={isReadOnly}
        onChange={(isOn) => onChange({ challenge: isOn ? { cost: 0.1, honestLeave: 0.1, stops: 0.9 } : undefined })}
      />
      {challenge !== undefined && (
        <>
          <NumberField
            label="A step-up"
            isRequired
            {...{ value: challenge.cost, isReadOnly }}
            onChange={(cost = 0) => onChange({ challenge: { ...challenge, cost } })}
          />
          <NumberField
            label="Honest customers who leave"
            isPercent
            isRequired
            {...{ value: challenge.honestLeave, isReadOnly }}
            onChange={(honestLeave = 0) => onChange({ challenge: { ...challenge, honestLeave } })}
          />
          <NumberField
            label="Fraud that it stops"
            isPercent
            isRequired
            {...{ value: challenge.stops, isReadOnly }}
            onChange={(stops = 0) => onChange({ challenge: { ...challenge, stops } })}
          />
        </>
      )}
    </div>
  )
}

/** What a cost makes of an amount that is easy to reckon with. */
function priceOf({ share = 0, fixed = 0 }: Costs['missedFraud']): string {
  return `of ${money(example)} it costs ${money(share * example + fixed)}`
}

const example = 100

function money(amount: number): string {
  const { currency, digits } = detector.value?.amount ?? {}
  return formatMoney(amount, currency, digits)
}

interface OptionalProps {
  readonly name: string
  readonly isOn: boolean
  readonly isReadOnly: boolean
  readonly onChange: (isOn: boolean) => void
}

export function Optional({ name, isOn, isReadOnly, onChange }: OptionalProps) {
  return (
    <label class="row whole">
      <input
        type="checkbox"
        checked={isOn}
        disabled={isReadOnly}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      {name}
    </label>
  )
}

/** Without the fields that are left out. */
function withoutGaps<Fields extends object>(
  fields: { readonly [Name in keyof Fields]: Fields[Name] | undefined },
): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as Fields
}
