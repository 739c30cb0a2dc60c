import type { Problem } from '../api/problem.ts'

interface RefusalProps {
  readonly problem: Problem
  /** What is said in place of the problem's own words. */
  readonly words?: string | undefined
}

/** What the service refused, field by field, where it was asked for. */
export function Refusal({ problem: { code, detail, errors }, words = detail }: RefusalProps) {
  return (
    <div class="problem" role="alert">
      <p>{words}</p>
      {errors.map(({ field, reason }) => (
        <p key={field + reason}>
          <b>{field}</b> {reason}
        </p>
      ))}
      <code>{code}</code>
    </div>
  )
}
