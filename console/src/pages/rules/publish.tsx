import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import type { Figures } from '../../policy/backtest.ts'
import { ChangesTable, type FieldChange } from '../../policy/changes-table.tsx'
import { at, go } from '../../shell/place.ts'
import { isPending, tellChange } from '../../ui/changed.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCount, formatShare } from '../../ui/figures.ts'
import { Refusal } from '../../ui/refusal.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'
import { type Rule, type RuleState, stateWords } from './draft.ts'

const changedMeanwhile =
  'Somebody has changed the policy in the meantime. Load the page again to see it; what you wrote is lost then, so copy it first.'

interface PublishProps {
  readonly rule: Rule
  readonly saved: Rule | undefined
  /** The version of the policy that was looked at: a change of another one is refused. */
  readonly version: number
  readonly changes: readonly FieldChange[]
  readonly figures: Figures | undefined
  readonly onClose: () => void
  readonly onSaved: () => void
}

/** Shows what is about to change, and puts it in force with a reason. */
export function Publish({ rule, saved, version, changes, figures, onClose, onSaved }: PublishProps) {
  const save = useAction(
    (why: string) =>
      ask(
        client.POST('/v1/rules', {
          params: { header: { 'If-Match': String(version) } },
          body: { ...rule, ...(why === '' ? {} : { why }) },
        }),
      ),
    {
      showsProblem: true,
      then: (answer) => {
        onClose()
        toast(tellChange(answer, `${rule.id} is saved`))
        // What waits is not there yet: the audit shows it.
        if (isPending(answer)) go(at(['audit']))
        else if (saved === undefined) go(at(['rules', rule.id]), { replace: true })
        else onSaved()
      },
    },
  )
  const { problem } = save
  const state: RuleState = rule.state ?? 'live'
  const tested = figures?.sides.find(({ name }) => name === 'tested')?.focus
  return (
    <Dialog title={saved === undefined ? `Add ${rule.id || 'the rule'}` : `Change ${rule.id}`} onClose={onClose} isWide>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save.run(String(new FormData(event.currentTarget).get('why') ?? '').trim())
        }}
      >
        <ChangesTable changes={changes} />
        <p>
          <span class={`badge ${state === 'live' ? 'accent' : ''}`}>{state}</span> It {stateWords[state]}.{' '}
          {tested !== undefined
            ? `On the days of the backtest it hit ${formatCount(tested.transactions)} (${formatShare(tested.share)}), ${formatCount(tested.frauds)} of them fraud.`
            : state === 'live' && 'It was not tested on what happened.'}
        </p>
        <div class="field">
          <label for="why">Why</label>
          <input
            id="why"
            name="why"
            class="input"
            ref={takeFocus}
            maxLength={500}
            placeholder="The record of the change keeps it"
          />
        </div>
        {problem !== undefined && (
          <Refusal problem={problem} words={problem.code === 'POLICY_CHANGED' ? changedMeanwhile : undefined} />
        )}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={save.isRunning}>
            {state === 'live' ? 'Put in force' : `Save as ${state}`}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
