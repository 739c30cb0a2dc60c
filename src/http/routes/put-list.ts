import { FraudError } from '../../core/errors.ts'
import { changes } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, listBody, pathParameter } from '../schemas/policy.ts'

/** `PUT /v1/lists/{name}`: adds a list, or changes it; its entries stay. */
export const putList: Route<PolicyContext> = {
  method: 'PUT',
  path: '/v1/lists/{name}',
  role: 'author',
  summary: 'Add a list, or change it',
  bounds: ['load'],
  operationId: 'putList',
  tag: 'policy',
  details: 'The name may be left out of the body. A list with entries keeps its key.',
  parameters: () => [pathParameter('name'), ifMatch],
  body: () => jsonBody(listBody, { of: 'card', effect: 'watch', note: 'Cards seen at a breached shop' }),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: changeRefusals,
  },
  handle: (context) =>
    changes(
      context,
      (given, { name }) => {
        if (given.name === undefined || given.name === name) return { kind: 'list', list: { ...given, name } }
        const errors = [{ field: 'name', reason: 'is not the name of the path' }]
        throw new FraudError('INPUT_INVALID', 'A list keeps its name', { errors })
      },
      (_, { name }) => ['list', `lists.${name}`],
    ),
}
