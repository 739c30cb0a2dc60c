import type { ShownDegradation } from './decision.ts'

/** What a decision's `degraded` says, for people. */
export const degradationWords: Readonly<Record<ShownDegradation, string>> = {
  'history-capped':
    'A key has had more transactions than its history keeps exactly, so features of the older ones are cut short',
  'history-short':
    'The log does not reach back as far as the longest window, or the transaction came so late that the beginning of that window is no longer kept, so windows may have been filled in part',
  'deadline-passed': "The score came after the policy's deadline, so whenUnavailable took its place",
  'features-failed': 'A feature could not be computed, so whenUnavailable took the place of the score',
  'model-failed': 'The model could not score the row, so whenUnavailable took the place of the score',
  'history-dropped': 'Histories were dropped because memory was short, so features may have seen less than there was',
  'key-missing': 'A key that the detector declares was not sent, so features by that key saw no history',
  'category-unknown': 'A field holds a text that the detector does not list for it',
  'histories-lost': "The log's older transactions lack fields that features read, so their histories were incomplete",
  fused: 'A fuse had tripped, and held a rule or the outcome back',
  'history-unavailable': 'In a cluster a part of the row was missing, so whenUnavailable took the place of the score',
  unanswered: 'In a cluster the service that took it in did not decide it, so another one did, seconds later',
  'record-partly-read': 'The record holds parts that a newer version wrote, which are not shown',
}
