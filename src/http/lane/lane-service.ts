import type { Server } from 'node:http'
import type { KeyRing } from '../../access/keys.ts'
import { refuseBy } from '../connection-error.ts'
import type { HttpContext } from '../http-context.ts'
import { refusalOf } from '../refusal.ts'
import { overloaded } from '../refuse-overload.ts'
import { tooMuchToWrite } from '../shed-load.ts'
import { holdWithin } from './hold-within.ts'
import { type KnownHead, KnownHeads } from './known-heads.ts'
import type { LaneService } from './lane.ts'
import { LaneAnswers } from './lane-answers.ts'
import { laneRoutes } from './lane-route.ts'

/** What is known of a request without its connection. */
export interface LaneAnswering extends Pick<LaneService, 'find' | 'answer'> {
  /** As of `LaneService`. @param reading what another thread has read of the body. */
  begin(...request: [...Parameters<LaneService['begin']>, reading?: Uint8Array | undefined]): boolean
}

/** Answers the requests of a server's connections. */
export function createLaneService(
  context: HttpContext,
  keyRing: () => KeyRing,
  { server, ...connections }: { readonly server: Server } & Pick<LaneService, 'passOn' | 'forget'>,
): LaneService {
  return {
    ...connections,
    ...createLaneAnswering(context, keyRing, new LaneAnswers(server)),
    ...holdWithin(context.held),
    refuse: (socket, code) => refuseBy(server, socket, code),
  }
}

/**
 * Looks at a request in the order of node's way in (add-routes.ts), and answers it in the same words.
 *
 * @param answers makes what an answer begins with.
 */
export function createLaneAnswering(context: HttpContext, keyRing: () => KeyRing, answers: LaneAnswers): LaneAnswering {
  const { limits, metrics, log, accounts, isDraining, isOverloaded } = context
  const heads = new KnownHeads(laneRoutes(context), limits)
  const tellsEach = log.isLevelEnabled('debug')
  /** What most are told under overload, when time is short. */
  const constants = new Map<unknown, { readonly status: number; readonly text: () => string }>(
    [tooMuchToWrite, overloaded].map((error) => {
      const refusal = refusalOf(error, '', log)
      return [error, { status: refusal.problem.status, text: answers.constant(refusal) }]
    }),
  )

  function refused(error: unknown, path: string): { readonly status: number; readonly answer: string } {
    const constant = constants.get(error)
    if (constant !== undefined) return { status: constant.status, answer: constant.text() }
    const refusal = refusalOf(error, path, log)
    return { status: refusal.problem.status, answer: answers.problem(refusal) }
  }

  const answered: LaneService['answer'] = ({ path }, error, json, arrivedMs) => {
    const { status, answer } = error === undefined ? { status: 200, answer: answers.ok(json) } : refused(error, path)
    const milliseconds = performance.now() - arrivedMs
    metrics.countRequest(path, status, milliseconds / 1000)
    if (tellsEach) log.debug({ method: 'POST', route: path, status, milliseconds }, 'answered')
    return answer
  }

  /** Whoever may not is told why by node's way. */
  function mayAsk(head: KnownHead): boolean {
    const ring = keyRing()
    if (!ring.asksForKey && !(accounts?.asksForLogin ?? false)) return true
    if (head.ring !== ring) {
      head.ring = ring
      head.principal = ring.principalOf(head.authorization)
    }
    return head.principal?.roles.has(head.route.role) ?? false
  }

  return {
    find: (bytes) => heads.find(bytes),
    begin(head, body, arrivedMs, settle, _leave, reading) {
      const { route } = head
      try {
        if (isDraining() || route.isElsewhere()) return false
        if (route.isFull()) settle(tooMuchToWrite, '')
        else if (!mayAsk(head)) return false
        else if (isOverloaded()) settle(overloaded, '')
        else if (reading === undefined || !route.answerReading?.(reading, arrivedMs, settle))
          route.answer(body, arrivedMs, settle)
      } catch (error) {
        settle(error, '')
      }
      return true
    },
    answer(route, error, json, arrivedMs) {
      try {
        return answered(route, error, json, arrivedMs)
      } catch (cause) {
        // Whoever settles has others to settle, and somebody waits for this one.
        return answers.problem(refusalOf(cause, route.path, log))
      }
    },
  }
}
