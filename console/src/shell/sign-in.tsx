import { useState } from 'preact/hooks'
import { access, ask, client, forgetKey, keepKey } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { forgetAnswers } from '../api/query.ts'

/** Asks who somebody is. A key stays in this tab, until it is closed. */
export function SignIn() {
  const [refusal, setRefusal] = useState<string>()
  const [isAsking, setAsking] = useState(false)
  const enter = async (key: string) => {
    setAsking(true)
    setRefusal(undefined)
    keepKey(key)
    try {
      await ask(client.GET('/v1/detector'))
      forgetAnswers()
      access.value = 'open'
    } catch (error) {
      forgetKey()
      const { status, detail } = problemOf(error)
      setRefusal(status === 401 ? 'This key is unknown. It may be mistyped or revoked.' : detail)
    } finally {
      setAsking(false)
    }
  }
  return (
    <main class="sign-in">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault()
          const key = new FormData(event.currentTarget).get('key')
          if (typeof key === 'string' && key.trim() !== '') void enter(key.trim())
        }}
      >
        <div class="brand">
          <img src="/console/shrike.svg" alt="" width={26} height={26} />
          <h1>Shrike</h1>
        </div>
        <div class="field">
          <label for="key">API key</label>
          <input
            id="key"
            name="key"
            class="input"
            type="password"
            required
            autofocus
            autocomplete="off"
            spellcheck={false}
            aria-describedby="refusal"
          />
          <p class="problem" id="refusal" role="alert">
            {refusal}
          </p>
        </div>
        <button type="submit" class="button primary" disabled={isAsking}>
          Sign in
        </button>
        <p class="muted small">
          The key is kept for this tab until it is closed. Keys are made by{' '}
          <code>shrike keys create --role analyst</code> where the service runs.
        </p>
      </form>
    </main>
  )
}
