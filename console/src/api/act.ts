import { useState } from 'preact/hooks'
import { toast, toastProblem } from '../ui/toast.tsx'
import { type Problem, problemOf } from './problem.ts'

export interface Action<Input> {
  readonly run: (input: Input) => Promise<boolean>
  readonly isRunning: boolean
  /** What the last run was refused for. */
  readonly problem: Problem | undefined
}

interface ActionOptions<Output> {
  /** Said when it is done. */
  readonly said?: string | ((output: Output) => string)
  readonly then?: (output: Output) => void
  /** Whether a refusal is shown where it was asked for, and not as a message that passes. */
  readonly showsProblem?: boolean
}

/** Something that changes what the service holds: run once at a time, and what it was refused for is said. */
export function useAction<Input, Output>(
  act: (input: Input) => Promise<Output>,
  { said, then, showsProblem = false }: ActionOptions<Output> = {},
): Action<Input> {
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const run = async (input: Input): Promise<boolean> => {
    if (isRunning) return false
    setRunning(true)
    setProblem(undefined)
    try {
      const output = await act(input)
      if (said !== undefined) toast(typeof said === 'string' ? said : said(output))
      then?.(output)
      return true
    } catch (error) {
      const refused = problemOf(error)
      setProblem(refused)
      if (!showsProblem) toastProblem(refused)
      return false
    } finally {
      setRunning(false)
    }
  }
  return { run, isRunning, problem }
}
