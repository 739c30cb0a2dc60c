/** The types of every route, which `npm run client:types` makes of the service's document. */
export type { components, paths } from '../../../client/src/api.ts'
