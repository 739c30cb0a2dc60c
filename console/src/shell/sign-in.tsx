import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { problemOf } from '../api/problem.ts'
import { enterWithKey, logIn } from '../api/who.ts'
import { takeFocus } from '../ui/take-focus.ts'

/** Asks who somebody is, where nobody is known yet. */
export function SignIn() {
  return (
    <main class="sign-in">
      <div class="panel">
        <div class="brand">
          <img src="/console/shrike.svg" alt="" width={26} height={26} />
          <h1>Shrike</h1>
        </div>
        <SignInForm />
      </div>
    </main>
  )
}

/** Asks again over a page whose session has ended: what was begun there is still there afterwards. */
export function SignInAgain() {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => element.current?.showModal(), [])
  return (
    <dialog ref={element} class="again" aria-labelledby="again" onCancel={(event) => event.preventDefault()}>
      <div class="panel">
        <h2 id="again">Your session has ended</h2>
        <p class="muted">Sign in again: the page behind this is as you left it.</p>
        <SignInForm />
      </div>
    </dialog>
  )
}

function SignInForm() {
  const [refusal, setRefusal] = useState<string>()
  const [isAsking, setAsking] = useState(false)
  const [isByKey, setByKey] = useState(false)
  const enter = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? '')
    setAsking(true)
    setRefusal(undefined)
    try {
      await (isByKey
        ? enterWithKey(text('key').trim())
        : logIn({ name: text('name').trim(), password: text('password') }))
    } catch (error) {
      const { status, detail } = problemOf(error)
      setRefusal(isByKey && status === 401 ? 'This key is unknown. It may be mistyped or revoked.' : detail)
    } finally {
      setAsking(false)
    }
  }
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void enter(new FormData(event.currentTarget))
      }}
    >
      {isByKey ? <KeyField /> : <NameFields />}
      <p class="problem" role="alert">
        {refusal}
      </p>
      <button type="submit" class="button primary" disabled={isAsking}>
        Sign in
      </button>
      <button type="button" class="button quiet small" onClick={() => setByKey(!isByKey)}>
        {isByKey ? 'With a name and a password' : 'With an API key'}
      </button>
    </form>
  )
}

function NameFields() {
  return (
    <>
      <div class="field">
        <label for="name">Name</label>
        <input
          id="name"
          name="name"
          class="input"
          required
          ref={takeFocus}
          autocomplete="username"
          autocapitalize="off"
          spellcheck={false}
        />
      </div>
      <div class="field">
        <label for="password">Password</label>
        <input id="password" name="password" class="input" type="password" required autocomplete="current-password" />
      </div>
    </>
  )
}

function KeyField() {
  return (
    <div class="field">
      <label for="key">API key</label>
      <input
        id="key"
        name="key"
        class="input"
        type="password"
        required
        ref={takeFocus}
        autocomplete="off"
        spellcheck={false}
      />
      <p class="hint">It is kept for this tab until it is closed.</p>
    </div>
  )
}
