import { ask, client } from '../../api/client.ts'
import { FormDialog, Labelled } from '../../ui/form-dialog.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'
import { nameOfJob } from './job-name.ts'

const learners = {
  '': 'as the detector says',
  'gradient-boosting': 'gradient boosting',
  'random-forest': 'random forest',
  'logistic-regression': 'logistic regression',
} as const

interface TrainProps {
  readonly onClose: () => void
  readonly onStarted: (id: string) => void
}

/** Learns from what the log holds by now; the model is kept, and decides nothing until it is deployed. */
export function Train({ onClose, onStarted }: TrainProps) {
  return (
    <FormDialog
      title="Train again"
      submit="Start"
      onClose={onClose}
      send={(text) => {
        const learner = Object.keys(learners).find((each) => each !== '' && each === text('learner'))
        const named = text('name') === '' ? nameOfJob('train') : text('name')
        const body = {
          kind: 'training' as const,
          name: named,
          ...(learner === undefined ? {} : { model: { learner } }),
        }
        return ask(client.POST('/v1/jobs', { body }))
      }}
      onDone={({ id }) => {
        toast('The training has begun')
        onStarted(id)
      }}
    >
      <p>
        On what the log holds, in a process of its own; decisions go on meanwhile. Its model is added to the list, and
        decides nothing until it is deployed.
      </p>
      <Labelled id="name" label="Name" hint="of the job and its folder">
        <input
          id="name"
          name="name"
          class="input"
          ref={takeFocus}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          placeholder="one with the time"
        />
      </Labelled>
      <Labelled id="learner" label="How">
        <select id="learner" name="learner" class="input">
          {Object.entries(learners).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Labelled>
    </FormDialog>
  )
}
