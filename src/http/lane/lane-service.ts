import type { Server } from 'node:http'
import type { KeyRing } from '../../access/keys.ts'
import { smallBytes } from '../body.ts'
import type { HttpContext } from '../http-context.ts'
import { refusalOf } from '../refusal.ts'
import { overloaded } from '../refuse-overload.ts'
import { tooMuchToWrite } from '../shed-load.ts'
import { type KnownHead, KnownHeads } from './known-heads.ts'
import type { LaneService } from './lane.ts'
import { LaneAnswers } from './lane-answers.ts'
import { laneRoutes } from './lane-route.ts'

const reasons = {
  HPE_INVALID_EOF_STATE: 'The connection ended within a request',
  ERR_HTTP_REQUEST_TIMEOUT: 'No request came in time',
} as const

/** Looks at a request in the order of node's way in (add-routes.ts), and answers it in the same words. */
export function createLaneService(
  context: HttpContext,
  keyRing: () => KeyRing,
  { server, ...connections }: { readonly server: Server } & Pick<LaneService, 'passOn' | 'forget'>,
): LaneService {
  const { limits, metrics, log, accounts, held, isDraining, isOverloaded } = context
  const heads = new KnownHeads(laneRoutes(context), limits)
  const answers = new LaneAnswers(server)
  const tellsEach = log.isLevelEnabled('debug')

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
    ...connections,
    find: (bytes) => heads.find(bytes),
    mayHold: (socket, bytes) => bytes <= smallBytes || held.mayTake(bytes, { socket }),
    letGo(socket, bytes) {
      if (bytes > smallBytes) held.give(bytes, { socket })
    },
    begin(head, body, arrivedMs, settle) {
      const { route } = head
      if (isDraining() || route.isElsewhere()) return false
      if (route.isFull()) settle(tooMuchToWrite, '')
      else if (!mayAsk(head)) return false
      else if (isOverloaded()) settle(overloaded, '')
      else {
        try {
          route.answer(body, arrivedMs, settle)
        } catch (error) {
          settle(error, '')
        }
      }
      return true
    },
    answer({ path }, error, json, arrivedMs) {
      let status = 200
      let answer: string
      if (error === undefined) answer = answers.ok(json)
      else {
        const { problem, retryAfter } = refusalOf(error, path, log)
        status = problem.status
        answer = answers.problem(problem, retryAfter)
      }
      const milliseconds = performance.now() - arrivedMs
      metrics.countRequest(path, status, milliseconds / 1000)
      if (tellsEach) log.debug({ method: 'POST', route: path, status, milliseconds }, 'answered')
      return answer
    },
    refuse(socket, code) {
      server.emit('clientError', Object.assign(new Error(reasons[code]), { code }), socket)
    },
  }
}
