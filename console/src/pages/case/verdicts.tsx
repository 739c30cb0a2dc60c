import { useId, useRef, useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { who } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at, go } from '../../shell/place.ts'
import { toast } from '../../ui/toast.tsx'
import { type CaseDetail, caseCalls, titleOf, usualCodes, type Verdict } from '../queue/cases.ts'
import { type Asking, MoreActions } from './more-actions.tsx'

interface VerdictsProps {
  readonly one: CaseDetail
  readonly onChange: () => void
}

const verdictKeys = [
  { keys: 'f', verdict: 'fraud', title: 'Fraud' },
  { keys: 'l', verdict: 'legitimate', title: 'Legitimate' },
  { keys: 'u', verdict: 'unsure', title: 'Unsure' },
] as const

/** The verdict on a case by one key; then the next case comes by itself, and the last verdict can be taken back. */
export function Verdicts({ one, onChange }: VerdictsProps) {
  const { id } = one
  const path = { id }
  const code = useRef<HTMLInputElement>(null)
  const [asking, setAsking] = useState<Asking>()
  const claimedByOther = one.claim !== null && one.claim.by !== who.value?.principal
  const undo = useAction(() => ask(client.POST('/v1/cases/{id}/undo', { params: { path }, body: {} })), {
    said: 'The verdict is taken back',
    then: () => {
      go(at(['cases', id]))
      onChange()
    },
  })
  const next = useAction(() => ask(caseCalls.claimNext()), {
    then: ({ case: found }) => {
      if (found !== null) return go(at(['cases', found.id]))
      toast('Nothing else is waiting')
      go(at(['queue']))
    },
  })
  const give = useAction(
    (verdict: Verdict) => {
      const given = code.current?.value.trim() ?? ''
      return ask(
        client.POST('/v1/cases/{id}/verdict', {
          params: { path },
          body: { verdict, ...(given === '' ? {} : { code: given }) },
        }),
      ).then(() => verdict)
    },
    {
      then: (verdict) => {
        toast(`${titleOf(one)}: ${verdict}`, { label: 'Undo', run: () => void undo.run(undefined) })
        void next.run(undefined)
      },
    },
  )
  const claim = useAction(() => ask(caseCalls.claim(id)), { said: 'Claimed for 30 minutes', then: onChange })
  const release = useAction(() => ask(caseCalls.release(id)), { said: 'Given back', then: onChange })
  const isClosed = one.closed !== null
  useKeys([
    ...(isClosed || claimedByOther
      ? []
      : verdictKeys.map(({ keys, verdict, title }) => ({
          keys,
          does: `${title}, and on to the next`,
          run: () => void give.run(verdict),
        }))),
    { keys: 'n', does: 'On to the next case', run: () => void next.run(undefined) },
    {
      keys: 'c',
      does: one.claim === null ? 'Claim the case' : 'Give it back',
      run: () => void (one.claim === null ? claim : release).run(undefined),
    },
    { keys: 'z', does: 'Take the last verdict back', run: () => void undo.run(undefined) },
    { keys: 'w', does: 'Write a note', run: () => setAsking('note') },
    { keys: 's', does: 'Put it off', run: () => setAsking('snooze') },
    { keys: 'a', does: 'Assign it', run: () => setAsking('assign') },
    { keys: 'e', does: 'Escalate it', run: () => setAsking('escalate') },
  ])
  return (
    <div class="verdicts">
      {isClosed ? (
        one.verdict !== null && (
          <button type="button" class="button" disabled={undo.isRunning} onClick={() => void undo.run(undefined)}>
            Take the verdict back <kbd>z</kbd>
          </button>
        )
      ) : (
        <>
          <Code element={code} />
          {verdictKeys.map(({ keys, verdict, title }) => (
            <button
              type="button"
              key={verdict}
              class={`button ${verdict}`}
              disabled={give.isRunning || claimedByOther}
              onClick={() => void give.run(verdict)}
            >
              {title} <kbd>{keys}</kbd>
            </button>
          ))}
        </>
      )}
      <MoreActions
        one={one}
        asking={asking}
        onAsk={setAsking}
        onChange={onChange}
        onClaim={() => void (one.claim === null ? claim : release).run(undefined)}
      />
      <button type="button" class="button quiet" disabled={next.isRunning} onClick={() => void next.run(undefined)}>
        Next <kbd>n</kbd>
      </button>
    </div>
  )
}

function Code({ element }: { readonly element: { current: HTMLInputElement | null } }) {
  const id = useId()
  return (
    <>
      <input
        ref={element}
        class="input code"
        list={id}
        placeholder="Reason code"
        aria-label="Reason code"
        maxLength={64}
        autocomplete="off"
      />
      <datalist id={id}>
        {usualCodes.map((code) => (
          <option key={code} value={code} />
        ))}
      </datalist>
    </>
  )
}
