import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceLog } from '../../src/deciding/service-log.ts'
import type { PersonalValues } from '../../src/log/personal-values.ts'

/** A log and its persons as a database across a network would serve them: what is looked up comes after a while. */
export function slowLog(
  log: ServiceLog,
  persons: PersonalValues,
  delayMs: () => number,
): { readonly log: ServiceLog; readonly persons: PersonalValues } {
  /** What a client of such a database would remember. */
  const known = new Map<string, string>()
  let forgettings = 0
  const placeOf = (key: string, value: string) => `${key}\0${value}`
  const slow = async <Found>(lookUp: () => Promise<Found>): Promise<Found> => {
    // Half of it before the database reads, and half after that.
    const halfMs = delayMs() / 2
    await sleep(halfMs)
    const found = await lookUp()
    await sleep(halfMs)
    return found
  }
  return {
    log: {
      reading: log.reading,
      lookUps: {
        // A filter is wrong about some new ids.
        mayHold: (id) => log.lookUps.mayHold(id) || delayMs() % 1 < 0.1,
        find: (ids) => slow(() => log.lookUps.find(ids)),
        findLabelled: (ids, most) => slow(() => log.lookUps.findLabelled(ids, most)),
      },
      mistrust: (error) => log.mistrust(error),
      get pending() {
        return log.pending
      },
      get failure() {
        return log.failure
      },
      get nextSequence() {
        return log.nextSequence
      },
      append(record, settled, beside) {
        const sequence = log.append(record, settled, beside)
        for (const { key, value, token } of beside?.newPersons ?? []) known.set(placeOf(key, value), token)
        return sequence
      },
      together: (write) => log.together(write),
      precede: (finish) => log.precede(finish),
      follow: (take) => log.follow(take),
      poll: () => log.poll(),
      onFailure: (handle) => log.onFailure(handle),
      recover() {
        known.clear()
        forgettings += 1
        return log.recover()
      },
      prune: (through) => log.prune(through),
      erase(key, value, erasedAtMs, by) {
        known.delete(placeOf(key, value))
        forgettings += 1
        return log.erase(key, value, erasedAtMs, by)
      },
      close: () => log.close(),
    },
    persons: {
      known: (key, value) => known.get(placeOf(key, value)),
      lookUp(values) {
        const before = forgettings
        return slow(async () => {
          const made = await persons.lookUp(values)
          for (const { key, value } of values) {
            const token = persons.known(key, value)
            if (token !== undefined && before === forgettings) known.set(placeOf(key, value), token)
          }
          return made
        })
      },
      get forgettings() {
        return forgettings
      },
      tokenOf: (key, value) => persons.tokenOf(key, value),
      valueOf: (token) => persons.valueOf(token),
    },
  }
}
