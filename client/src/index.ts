export type {
  components,
  Decision,
  EventMessage,
  ItemError,
  Label,
  LabelAnswer,
  Problem,
  paths,
  Transaction,
} from './api.ts'
export type { AskOptions } from './ask.ts'
export { type ClientOptions, createClient, type ShrikeClient } from './client.ts'
export type { EventFollower, EventsOptions, EventType, LeftOut, ShrikeEvent } from './events.ts'
export { dataOf, ShrikeError } from './problem.ts'
