import { FraudError } from '../core/errors.ts'
import { modelIdOf } from '../deciding/lineup.ts'
import { jobRequestSchema } from '../jobs/request.ts'
import { presentError } from './error-status.ts'
import type { HttpContext } from './http-context.ts'
import type { Access, Route } from './route.ts'
import { accessRoutes, approvalRoutes, decidingRoutes, jobRoutes, modelRoutes, routes } from './route-list.ts'
import { backtestFiguresSchema, comparisonFiguresSchema } from './schemas/backtest.ts'
import { caseSchemas } from './schemas/case.ts'
import { decisionSchemas, transactionExample, transactionSchema } from './schemas/decision.ts'
import { eventMessageSchema } from './schemas/events.ts'
import { explanationSchema } from './schemas/explanation.ts'
import { inputSchema } from './schemas/input.ts'
import { jobResultSchemas } from './schemas/job-result.ts'
import { knownKeySchema } from './schemas/key.ts'
import { ref } from './schemas/parts.ts'
import { predictionSchema } from './schemas/prediction.ts'
import { itemErrorSchema, problemSchema } from './schemas/problem.ts'
import { requestSchemas } from './schemas/requests.ts'

/** The OpenAPI 3.1 document of the model being served: its own field names, and a real example. */
export function describeApi(context: HttpContext): object {
  const { lineup, decisions, deployer, jobs, accounts, version } = context
  const { inputs = [], example = {} } = lineup.champion.model ?? {}
  const modelId = modelIdOf(lineup)
  const isGuarded = context.isGuarded()
  return {
    openapi: '3.1.1',
    info: {
      title: 'Shrike',
      version,
      summary: 'Real-time card-fraud detection',
      description: `${modelId === null ? 'Serving no model: rules and lists alone decide' : `Serving \`${modelId}\``}. Errors are \`application/problem+json\` with a stable \`code\`.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      ...(decisions
        ? [{ name: 'decisions' }, { name: 'labels' }, { name: 'cases' }, { name: 'policy' }, { name: 'monitoring' }]
        : []),
      ...(deployer ? [{ name: 'models' }] : []),
      { name: 'predictions' },
      ...(accounts ? [{ name: 'access' }] : []),
      { name: 'operation' },
    ],
    ...(isGuarded ? { security: [{ apiKey: [] }, ...(accounts ? [{ session: [] }] : [])] } : {}),
    paths: pathsOf([
      ...(decisions ? decidingRoutes.map((route) => describeRoute(route, { ...context, decisions }, isGuarded)) : []),
      ...(deployer ? modelRoutes.map((route) => describeRoute(route, { ...context, deployer }, isGuarded)) : []),
      ...(jobs ? jobRoutes.map((route) => describeRoute(route, { ...context, jobs }, isGuarded)) : []),
      ...(accounts ? accessRoutes.map((route) => describeRoute(route, { ...context, accounts }, isGuarded)) : []),
      ...(accounts && decisions
        ? approvalRoutes.map((route) => describeRoute(route, { ...context, accounts, decisions }, isGuarded))
        : []),
      ...routes.map((route) => describeRoute(route, context, isGuarded)),
    ]),
    components: {
      schemas: {
        Input: inputSchema(inputs, example),
        Prediction: predictionSchema,
        ItemError: itemErrorSchema,
        Problem: problemSchema,
        ...(jobs && {
          JobRequest: jobRequestSchema(),
          BacktestFigures: backtestFiguresSchema,
          ComparisonFigures: comparisonFiguresSchema,
          ...jobResultSchemas,
        }),
        ...(decisions && {
          Transaction: transactionSchema(decisions.inForce, transactionExample(decisions.inForce, decisions.newestMs)),
          ...decisionSchemas,
          ...caseSchemas,
          DecisionExplanation: explanationSchema,
          EventMessage: eventMessageSchema,
          KnownKey: knownKeySchema,
          ...requestSchemas(decisions.inForce.detector),
        }),
      },
      ...(isGuarded && {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer' },
          ...(accounts && { session: { type: 'apiKey', in: 'cookie', name: 'shrike_session' } }),
        },
      }),
    },
  }
}

interface Operation {
  readonly path: string
  readonly method: string
  /** Undefined of a page. */
  readonly about: object | undefined
}

/** Paths with the operations of each. */
function pathsOf(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { path, method, about } of operations) {
    if (about !== undefined) paths[path] = { ...paths[path], [method.toLowerCase()]: about }
  }
  return paths
}

function describeRoute<Context extends HttpContext>(
  route: Route<Context>,
  context: Context,
  isGuarded: boolean,
): Operation {
  const { path, method, role, summary } = route
  if (route.answers === 'page') return { path, method, about: undefined }
  const { operationId, tag, details, parameters, body, answers } = route
  const about = {
    operationId,
    summary,
    ...(details && { description: details }),
    tags: [tag],
    ...(isGuarded && role === 'anyone' && { security: [] }),
    ...(parameters && { parameters: parameters(context) }),
    ...(body && { requestBody: body(context) }),
    responses: {
      [answers.okStatus ?? 200]: answers.ok,
      ...(answers.accepted && { 202: answers.accepted }),
      ...problems([...(isGuarded ? refusalsOf(role) : []), ...answers.refusals]),
    },
  }
  return { path, method, about }
}

/** The answers to a request without the key or the role that a route requires. */
function refusalsOf(role: Access): readonly FraudError[] {
  if (role === 'anyone') return []
  const unauthorized = new FraudError(
    'UNAUTHORIZED',
    'Log in, or send one of the API keys as Authorization: Bearer KEY',
  )
  if (role === 'any key') return [unauthorized]
  return [unauthorized, new FraudError('FORBIDDEN', `This key does not have the role ${role}`)]
}

function problems(errors: readonly FraudError[]): object {
  return Object.fromEntries(
    errors.map((error) => {
      const example = presentError(error)
      const content = { 'application/problem+json': { schema: ref('Problem'), example } }
      return [example.status, { description: example.title, content }]
    }),
  )
}
