import { htmlType } from '../browser-answers.ts'
import { findReport, reportMissing } from '../model-report.ts'
import type { Route } from '../route.ts'

// The report holds its styles and icons inside, and runs no script.
export const reportPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `GET /report`: the evaluation of the model, where there is one. */
export const report: Route = {
  method: 'GET',
  path: '/report',
  role: 'any key',
  summary: 'The evaluation report of the model',
  bounds: ['answers'],
  isShown: true,
  answers: 'page',
  handle: (context) => async (_request, reply) => {
    const page = await findReport(context)
    if (page === undefined) throw reportMissing(context)
    return reply
      .header('content-type', htmlType)
      .header('content-security-policy', reportPolicy)
      .header('cache-control', 'no-cache')
      .send(page)
  },
}
