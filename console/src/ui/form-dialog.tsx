import type { ComponentChildren } from 'preact'
import { useAction } from '../api/act.ts'
import { Dialog } from './dialog.tsx'
import { Refusal } from './refusal.tsx'

interface FormDialogProps<Output> {
  readonly title: string
  readonly submit: string
  /** Sends what was filled in; what is refused is shown in the dialog, which stays. */
  readonly send: (text: (name: string) => string) => Promise<Output>
  readonly onDone: (output: Output) => void
  readonly onClose: () => void
  readonly isDangerous?: boolean
  readonly children: ComponentChildren
}

/** A dialog with fields and one thing to do. */
export function FormDialog<Output>({
  title,
  submit,
  send,
  onDone,
  onClose,
  isDangerous = false,
  children,
}: FormDialogProps<Output>) {
  const action = useAction(send, {
    showsProblem: true,
    then: (output) => {
      onClose()
      onDone(output)
    },
  })
  const { problem } = action
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          void action.run((name) => String(form.get(name) ?? '').trim())
        }}
      >
        {children}
        {problem !== undefined && <Refusal problem={problem} />}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'button danger' : 'button primary'} disabled={action.isRunning}>
            {submit}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface LabelledProps {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly children: ComponentChildren
}

/** A field with its label, which names it by `id`. */
export function Labelled({ id, label, hint, children }: LabelledProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  )
}

/** Why something is changed: the record of the change keeps it. */
export function WhyField() {
  return (
    <Labelled id="why" label="Why">
      <input id="why" name="why" class="input" maxLength={500} placeholder="The record of the change keeps it" />
    </Labelled>
  )
}
