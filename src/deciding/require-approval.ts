import { FraudError } from '../core/errors.ts'

/** The principal of what the service does by itself where a canary misbehaves: to wait for somebody would be to let it go on. */
export const guardName = 'guard'

/** Who makes a change, and who else has looked at it. */
export interface Approved {
  readonly by: string
  readonly approvedBy?: string | undefined
}

/**
 * Changes go this way however they come, over HTTP, from a command or a file that was put in place.
 *
 * @param isAsked whether somebody else has to approve changes.
 * @throws FraudError APPROVAL_REQUIRED
 */
export function requireApproval(isAsked: (() => boolean) | undefined, { by, approvedBy }: Approved): void {
  if (approvedBy !== undefined || by === guardName || isAsked?.() !== true) return
  throw new FraudError(
    'APPROVAL_REQUIRED',
    'Somebody else has to approve changes (four eyes): make the change over HTTP, where it waits for that',
  )
}
