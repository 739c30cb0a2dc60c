import { useEffect, useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { detector } from '../../api/detector.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'

const roles = ['shadow', 'canary', 'champion', 'retired'] as const
export type Role = (typeof roles)[number]

const words: Readonly<Record<Role, string>> = {
  shadow: 'scores beside what decides, and its scores are kept',
  canary: 'decides for a share of the values of one key, and is taken back by itself if it does harm',
  champion: 'decides for everybody',
  retired: 'is kept, and scores nothing',
}

interface DeployProps {
  readonly model: { readonly id: string }
  readonly first: Role
  readonly version: number
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Gives a model a role. It takes it once its histories are filled, without a gap in deciding. */
export function Deploy({ model, first, version, onClose, onDone }: DeployProps) {
  const [role, setRole] = useState<Role>(first)
  const meets = useRehearsal(model.id, role)
  return (
    <FormDialog
      title={`Deploy ${model.id}`}
      submit="Deploy"
      onClose={onClose}
      send={(text) => {
        const why = text('why') === '' ? {} : { why: text('why') }
        const params = { path: { id: model.id }, header: { 'If-Match': String(version) } }
        const body = role === 'canary' ? { role, ...canaryOf(text), ...why } : { role, ...why }
        return ask(client.POST('/v1/models/{id}/deploy', { params, body }))
      }}
      onDone={(answer) => {
        const isPending = answer.state === 'preparing'
        toast(isPending ? `${model.id} is being prepared as ${role}` : `${model.id} is deployed as ${role}`)
        onDone()
      }}
    >
      <Labelled id="role" label="Role" hint={words[role]}>
        <select
          id="role"
          class="input"
          ref={takeFocus}
          value={role}
          onChange={({ currentTarget }) => setRole(roles.find((each) => each === currentTarget.value) ?? 'shadow')}
        >
          {roles.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Labelled>
      {role === 'canary' && <CanaryFields />}
      {meets.map((line) => (
        <p key={line} class="banner">
          {line}
        </p>
      ))}
      <WhyField />
    </FormDialog>
  )
}

const percent = 100

function canaryOf(text: (name: string) => string) {
  const shareOf = (name: string) => Number(text(name)) / percent
  return {
    share: shareOf('share'),
    by: text('by'),
    guard: {
      minDecisions: Number(text('minDecisions')),
      rateDifference: shareOf('rateDifference'),
      faultRate: shareOf('faultRate'),
      leastFound: shareOf('leastFound'),
      minFlagged: Number(text('minFlagged')),
    },
  }
}

/** How much a canary decides, and when its guard takes it back. */
function CanaryFields() {
  return (
    <>
      <div class="two">
        <Amount name="share" label="Share, in percent" value="5" least={0.1} most={50} />
        <Labelled id="by" label="By" hint="all of one value stays on one side">
          <select id="by" name="by" class="input">
            {Object.keys(detector.value?.keys ?? {}).map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        </Labelled>
      </div>
      <p class="label small muted">The guard takes it back, for sure of chance,</p>
      <div class="two">
        <Amount
          name="rateDifference"
          label="where a share of outcomes differs by, %"
          value="5"
          least={0.1}
          most={100}
        />
        <Amount name="faultRate" label="where decisions are without a score, %" value="1" least={0.1} most={100} />
        <Amount
          name="leastFound"
          label="where it finds less of the champion’s fraud, %"
          value="50"
          least={0}
          most={100}
        />
        <Amount name="minDecisions" label="but not before so many decisions" value="1000" least={1} most={1e9} />
        <Amount name="minFlagged" label="nor, for precision, so many not approved" value="100" least={1} most={1e9} />
      </div>
    </>
  )
}

interface AmountProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly least: number
  readonly most: number
}

function Amount({ name, label, value, least, most }: AmountProps) {
  return (
    <Labelled id={name} label={label}>
      <input
        id={name}
        name={name}
        class="input"
        type="number"
        min={least}
        max={most}
        step="any"
        defaultValue={value}
        required
      />
    </Labelled>
  )
}

/** What a deployment would meet now, in sentences; of a canary no more than of what decides for all. */
function useRehearsal(id: string, role: Role): readonly string[] {
  const [meets, setMeets] = useState<readonly string[]>([])
  useEffect(() => {
    setMeets([])
    if (role === 'canary') return undefined
    const abort = new AbortController()
    const body = { role, dryRun: true }
    ask(client.POST('/v1/models/{id}/deploy', { params: { path: { id } }, body, signal: abort.signal })).then(
      (answer) => {
        const problems = 'problems' in answer ? (answer.problems ?? []) : []
        const warnings = (answer.warnings ?? []).flatMap((each) => (typeof each === 'string' ? [each] : [each.reason]))
        setMeets([...problems.flatMap(({ detail }) => detail ?? []), ...warnings])
      },
      // What is refused is told when it is deployed.
      () => undefined,
    )
    return () => abort.abort()
  }, [id, role])
  return meets
}
