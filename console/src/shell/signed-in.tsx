import { problemOf } from '../api/problem.ts'
import { logOut, who } from '../api/who.ts'
import { toastProblem } from '../ui/toast.tsx'

/** Who is signed in, and the way out; nothing where nobody has to sign in. */
export function SignedIn() {
  const { principal, user, roles = [] } = who.value ?? {}
  if (principal === undefined || principal === 'anyone') return null
  const leave = () => void logOut().catch((error: unknown) => toastProblem(problemOf(error)))
  return (
    <div class="row spread">
      <span class="clip" title={`${principal}: ${roles.join(', ')}`}>
        {user ?? principal}
      </span>
      <button type="button" class="button quiet small" onClick={leave}>
        Sign out
      </button>
    </div>
  )
}
