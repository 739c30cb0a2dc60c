import type { Asker } from './entries.ts'
import type { Answer, Reply } from './replies.ts'

interface Question {
  readonly wanted: number
  readonly answers: Answer[]
  readonly answered: AbortController
}

const none: readonly Answer[] = []

/** What a front has asked, until it has its answers. */
export class Questions {
  readonly #front: string
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly #open = new Map<number, Question>()
  #last = 0

  constructor(front: string, wait: (ms: number, signal: AbortSignal) => Promise<void>) {
    this.#front = front
    this.#wait = wait
  }

  get size(): number {
    return this.#open.size
  }

  /** Opens a question that so many answers close. */
  ask(wanted: number): Asker {
    this.#last++
    this.#open.set(this.#last, { wanted, answers: [], answered: new AbortController() })
    return { front: this.#front, question: this.#last }
  }

  /** Takes an answer, of each lane the first: all holders say the same. */
  answer({ to, answer }: Reply): void {
    const question = to.front === this.#front ? this.#open.get(to.question) : undefined
    if (question === undefined) return
    const { answers, wanted, answered } = question
    const isKnown = answers.some((each) => each.kind === answer.kind && laneOf(each) === laneOf(answer))
    if (isKnown) return
    answers.push(answer)
    if (answers.length >= wanted) answered.abort()
  }

  answers(question: number): readonly Answer[] {
    return this.#open.get(question)?.answers ?? none
  }

  /** Whether answers are missing. */
  isOpen(question: number): boolean {
    const { answers, wanted } = this.#open.get(question) ?? { answers: none, wanted: 0 }
    return answers.length < wanted
  }

  /** Resolves once all answers are there, or after so long. */
  async within(question: number, ms: number): Promise<void> {
    const asked = this.#open.get(question)
    if (asked !== undefined && this.isOpen(question)) await this.#wait(ms, asked.answered.signal)
  }

  close(question: number): void {
    this.#open.delete(question)
  }
}

function laneOf(answer: Answer): string {
  return answer.kind === 'part' ? answer.lane : ''
}
