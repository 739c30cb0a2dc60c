import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { detector } from '../../api/detector.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'

const roles = ['shadow', 'canary', 'champion', 'retired'] as const
type Role = (typeof roles)[number]

const words: Readonly<Record<Role, string>> = {
  shadow: 'scores beside what decides, and its scores are kept',
  canary: 'decides for a share of the values of one key, and is taken back by itself if it does harm',
  champion: 'decides for everybody',
  retired: 'is kept, and scores nothing',
}

interface DeployProps {
  readonly model: { readonly id: string }
  readonly version: number
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Gives a model a role. It takes it once its histories are filled, without a gap in deciding. */
export function Deploy({ model, version, onClose, onDone }: DeployProps) {
  const [role, setRole] = useState<Role>('shadow')
  return (
    <FormDialog
      title={`Deploy ${model.id}`}
      submit="Deploy"
      onClose={onClose}
      send={(text) => {
        const why = text('why') === '' ? {} : { why: text('why') }
        const params = { path: { id: model.id }, header: { 'If-Match': String(version) } }
        const body =
          role === 'canary' ? { role, share: Number(text('share')) / 100, by: text('by'), ...why } : { role, ...why }
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
      {role === 'canary' && (
        <>
          <Labelled id="share" label="Share, in percent">
            <input
              id="share"
              name="share"
              class="input"
              type="number"
              min={0.1}
              max={99}
              step="any"
              defaultValue="5"
              required
            />
          </Labelled>
          <Labelled id="by" label="By" hint="so that everything of one value stays on one side">
            <select id="by" name="by" class="input">
              {Object.keys(detector.value?.keys ?? {}).map((key) => (
                <option key={key}>{key}</option>
              ))}
            </select>
          </Labelled>
        </>
      )}
      <WhyField />
    </FormDialog>
  )
}
