import { access, forgetKey, hasKey } from '../api/client.ts'
import { forgetAnswers } from '../api/query.ts'

/** Who is signed in, and the way out. */
export function SignedIn() {
  if (access.value !== 'open' || !hasKey()) return null
  const leave = () => {
    forgetKey()
    forgetAnswers()
    access.value = 'refused'
  }
  return (
    <div class="row spread">
      <span class="clip">With an API key</span>
      <button type="button" class="button quiet small" onClick={leave}>
        Sign out
      </button>
    </div>
  )
}
