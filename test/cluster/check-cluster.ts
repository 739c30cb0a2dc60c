import assert from 'node:assert/strict'
import type { ClusterDefinition, LanePart } from '../../src/cluster/cluster-definition.ts'
import {
  type DecisionEntry,
  decodeEntry,
  type Entry,
  encodeEntry,
  type IntakeEntry,
  type ObservationEntry,
} from '../../src/cluster/entries.ts'
import { KeyFold } from '../../src/cluster/key-fold.ts'
import { controlPlace, homeLane, placeOf } from '../../src/cluster/lanes.ts'
import type { Place } from '../../src/cluster/ordered-log.ts'
import { type Defined, spansOf } from '../feature-definitions.ts'
import type { Purchase, Scene, Verdict } from '../feature-stream.ts'
import { featuresOf, partitions, type SimulatedCluster } from './simulated-cluster.ts'
import { recordOf, SimulatedControl } from './simulated-control.ts'

interface Placed {
  readonly position: number
  readonly entry: Entry
  readonly atMs: number
}

/** What a cluster promises, of everything that its log holds once it has come to rest. */
export function checkCluster(cluster: SimulatedCluster, features: ReadonlyMap<string, readonly Defined[]>): void {
  const read = (place: Place): Placed[] =>
    cluster.world
      .entries(place)
      .map(({ position, bytes, atMs }) => ({ position, atMs, entry: decodeEntry(bytes, 'the log') }))
  const homes = Array.from({ length: partitions }, (_, partition) => read({ lane: homeLane, partition }))
  const home = homes.flat()
  const intakes = firsts(home, 'intake')
  const decisions = firsts(home, 'decision')
  for (const id of intakes.keys()) assert.ok(decisions.has(id), `nobody decided ${id}`)
  checkTold(cluster, intakes, decisions, home)
  const control = readControl(read(controlPlace))
  checkChanges(cluster, read(controlPlace), control)
  checkVersions(cluster, intakes, decisions)
  checkModels(control, intakes, decisions)
  checkRows(control, read, intakes, decisions, features)
  const newest = [...control.values()].at(-1)
  checkLabels({ at: (position) => newest?.definition(position) }, homes, read, intakes)
}

/** The first entry of a kind of each id counts. */
function firsts<Kind extends 'intake' | 'decision'>(home: readonly Placed[], kind: Kind) {
  const found = new Map<string, Extract<Entry, { kind: Kind }>>()
  for (const { entry } of home) {
    if (entry.kind === kind && !found.has(entry.id)) found.set(entry.id, entry as Extract<Entry, { kind: Kind }>)
  }
  return found
}

/** Each answer is the one decision of its id, and is in the log. */
function checkTold(
  { told, labelsTold }: SimulatedCluster,
  intakes: ReadonlyMap<string, IntakeEntry>,
  decisions: ReadonlyMap<string, DecisionEntry>,
  home: readonly Placed[],
): void {
  for (const { sent, decided } of told) {
    const [intake, decision] = [intakes.get(sent.id), decisions.get(sent.id)]
    assert.ok(intake && decision, `${sent.id} was answered, and the log does not have it`)
    assert.deepEqual(encodeEntry(decided.intake), encodeEntry(intake), `another first intake of ${sent.id} was told`)
    assert.deepEqual(encodeEntry(decided.decision), encodeEntry(decision), `another decision of ${sent.id} was told`)
  }
  for (const id of new Set(labelsTold)) {
    const count = home.filter(({ entry }) => entry.kind === 'label' && entry.id === id).length
    const wanted = labelsTold.filter((each) => each === id).length
    assert.ok(count >= wanted, `${wanted} labels of ${id} were taken, and the log has ${count}`)
  }
}

function readControl(entries: readonly Placed[]) {
  const at = new Map<number, SimulatedControl>()
  for (let upTo = 0; upTo <= entries.length; upTo++) {
    const control = new SimulatedControl()
    for (const { position, entry } of entries.slice(0, upTo)) control.apply(position, entry)
    at.set(control.position, control)
  }
  return at
}

/** A change that was told is in the log, counts there, and counts once. */
function checkChanges(
  { changesTold }: SimulatedCluster,
  entries: readonly Placed[],
  control: ReadonlyMap<number, SimulatedControl>,
): void {
  const counted = entries.filter(({ position }) => control.get(position)?.lane.head === position)
  const whyOf = ({ entry }: Placed): unknown => entry.kind === 'change' && JSON.parse(entry.json).why
  for (const { position, why } of changesTold) {
    const found = counted.filter((each) => whyOf(each) === why).map((each) => each.position)
    assert.deepEqual(found, [position], `the change that was told at ${position} counts elsewhere, or not once`)
  }
}

/** Nothing is decided by less than its front knew, and a caller's own changes count for what it asks next. */
function checkVersions(
  { told }: SimulatedCluster,
  intakes: ReadonlyMap<string, IntakeEntry>,
  decisions: ReadonlyMap<string, DecisionEntry>,
): void {
  for (const [id, { control }] of decisions) {
    assert.ok(control >= (intakes.get(id)?.control ?? 0), `${id} was decided by an older policy than it came under`)
  }
  for (const { decided, toldChange } of told) {
    if (decided.isRepeat) continue
    const { control, id } = decided.decision
    assert.ok(control >= toldChange, `${id} was decided by ${control}, after the change at ${toldChange} was told`)
  }
}

/** Who decides is the newest model of the lane by then, unless features are others: then those of the transaction's own. */
function checkModels(
  control: ReadonlyMap<number, SimulatedControl>,
  intakes: ReadonlyMap<string, IntakeEntry>,
  decisions: ReadonlyMap<string, DecisionEntry>,
): void {
  for (const [id, { control: position, record }] of decisions) {
    const inForce = control.get(position)
    const sentUnder = inForce?.definition(intakes.get(id)?.definition ?? -1)
    const { newest } = inForce ?? {}
    if (featuresOf(newest?.definition.model) !== featuresOf(sentUnder?.definition.model)) continue
    assert.equal(recordOf(record).definition, newest?.position, `${id} is decided by another model than the newest`)
    const { champion } = inForce?.lane.deployments.inForce ?? {}
    if (featuresOf(champion) === featuresOf(newest?.definition.model) && newest?.definition.model?.includes('@'))
      assert.equal(newest.definition.model, champion, `${id} is not decided by the champion`)
  }
}

/** Rows made again: by the folds, from nothing but the log, and by the definitions of the features. */
function checkRows(
  control: ReadonlyMap<number, SimulatedControl>,
  read: (place: Place) => readonly Placed[],
  intakes: ReadonlyMap<string, IntakeEntry>,
  decisions: ReadonlyMap<string, DecisionEntry>,
  features: ReadonlyMap<string, readonly Defined[]>,
): void {
  const replays = new Map<string, ReadonlyMap<string, ReplayedPart>>()
  for (const [id, entry] of decisions) {
    const intake = intakes.get(id)
    const inForce = control.get(entry.control)
    const definition = intake && inForce?.definition(intake.definition)
    const keyed = definition && inForce?.definition(definition.keyedBy)
    assert.ok(intake && inForce && definition && keyed, `what ${id} was decided by is not in the log`)
    const defined = features.get(featuresOf(definition.definition.model)) ?? []
    const parts = definition.parts.map((lane, i) => {
      const key = lane.keyOf(intake)
      const position = entry.positions[i]
      if (position === undefined) return undefined
      if (key === undefined) return { position: -1, values: valuesWithoutKey(lane, definition, intake) }
      const place = placeOf(lane.lane, key, partitions)
      const name = `${place.lane}/${place.partition}@${keyed.position}`
      const replay = replays.get(name) ?? replayPlace(keyed, lane, read(place), defined, place)
      replays.set(name, replay)
      const part = replay.get(id)
      assert.ok(part !== undefined, `${id} was not counted in ${name}`)
      assert.equal(part.position, position, `${id} was counted elsewhere in ${name}`)
      return part
    })
    const given = recordOf(entry.record)
    const again = inForce.record(definition, intake, parts, given.degraded.includes('unanswered'))
    const differing = given.row.findIndex((value, i) => !Object.is(value, again.row[i]))
    assert.equal(
      differing,
      -1,
      `${id}: feature ${differing} is ${given.row[differing]}, in a replay ${again.row[differing]}`,
    )
    // NaN is NaN, whatever its bits.
    assert.deepEqual(
      { ...given, row: [] },
      { ...again, row: [], sequence: 0 },
      `${id} is decided otherwise in a replay`,
    )
  }
}

interface ReplayedPart {
  readonly position: number
  readonly values: readonly number[]
}

function valuesWithoutKey(lane: LanePart, definition: ClusterDefinition, intake: IntakeEntry) {
  const fold = new KeyFold(definition, lane.part)
  const reply = fold.apply(0, { ...intake, kind: 'observation', receivedAtMs: 1e15 }, 0)
  return reply?.answer.kind === 'part' ? reply.answer.values : []
}

function replayPlace(
  definition: ClusterDefinition,
  { part }: LanePart,
  entries: readonly Placed[],
  defined: readonly Defined[],
  { lane, partition }: Place,
): ReadonlyMap<string, ReplayedPart> {
  const fold = new KeyFold(definition, part)
  const found = new Map<string, ReplayedPart>()
  const spans = spansOf(defined)
  const all: Purchase[] = []
  const ids: string[] = []
  const verdicts: Verdict[] = []
  const labelled = new Map<number, number>()
  const uncounted = new Set<string>()
  for (const { position, entry, atMs } of entries) {
    // Under this definition, whichever it was sent under.
    const asked = entry.kind === 'observation' ? { ...entry, definition: definition.position } : entry
    const reply = fold.apply(position, asked, atMs)
    if (entry.kind === 'observation' && reply?.answer.kind === 'part' && reply.answer.position === position) {
      assert.ok(!found.has(entry.id), `${entry.id} was counted twice in ${lane}/${partition}`)
      const now = purchaseOf(entry, definition.definition.columns)
      all.push(now)
      ids.push(entry.id)
      const { values } = reply.answer
      found.set(entry.id, { position, values })
      checkByDefinition(
        part.own.map(({ name }) => name),
        values,
        { all: [...all], now, verdicts: [...verdicts], spans },
        defined,
      )
    }
    if (entry.kind === 'observation' && reply?.answer.kind === 'part' && reply.answer.position < 0) {
      const newest = Math.max(...all.map(({ time }) => time))
      const [{ spanMs }] = part.plan.histories
      assert.ok(entry.timestampMs <= newest - spanMs, `${entry.id} was not counted in ${lane}/${partition}`)
      uncounted.add(entry.id)
    }
    if (entry.kind === 'key-label' && entry.number > (labelled.get(entry.home) ?? 0)) {
      labelled.set(entry.home, entry.number)
      if (uncounted.has(entry.id)) continue
      const about = ids.indexOf(entry.id)
      assert.ok(about >= 0, `a label of ${entry.id} came before it in ${lane}/${partition}`)
      const knownAt = Math.max(entry.knownAtMs, entry.timestampMs)
      verdicts.push({ about, isFraud: entry.isFraud, knownAt, rank: definition.rankOf(entry.source) })
    }
  }
  return found
}

function checkByDefinition(
  names: readonly string[],
  values: readonly number[],
  scene: Scene,
  defined: readonly Defined[],
): void {
  for (const [i, name] of names.entries()) {
    const feature = defined.find((each) => each.names.includes(name))
    assert.ok(feature !== undefined, `${name} has no definition`)
    const expected = feature.value(scene, name)
    const isClose = feature.isRounded && Math.abs(values[i] - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
    assert.ok(isClose || Object.is(values[i], expected), `${name} is ${values[i]}, by definition ${expected}`)
  }
}

function purchaseOf({ timestampMs, fields }: ObservationEntry, columns: readonly string[]): Purchase {
  const value = (column: string) => fields[columns.indexOf(column)]
  const text = (column: string) => value(column)?.toString()
  const number = (column: string) => Number(value(column) ?? Number.NaN)
  return {
    ...{ time: timestampMs, amount: Math.round(number('AMOUNT') * 100) },
    ...{ card: text('CARD'), shop: text('SHOP'), city: text('CITY') },
    ...{ points: number('POINTS'), latitude: number('LATITUDE'), longitude: number('LONGITUDE') },
  }
}

/** Each label of a transaction that came is in the lane of each of its keys. */
function checkLabels(
  { at }: { readonly at: (position: number) => ClusterDefinition | undefined },
  homes: readonly (readonly Placed[])[],
  read: (place: Place) => readonly Placed[],
  intakes: ReadonlyMap<string, IntakeEntry>,
): void {
  for (const { entry } of homes.flat()) {
    const intake = entry.kind === 'label' ? intakes.get(entry.id) : undefined
    if (intake === undefined || entry.kind !== 'label') continue
    const said = homes.flat().filter((each) => each.entry.kind === 'label' && each.entry.id === entry.id)
    const labels = new Set(said.map((each) => 'front' in each.entry && `${each.entry.front} ${each.entry.question}`))
    for (const lane of at(intake.definition)?.parts ?? []) {
      const key = lane.keyOf(intake)
      if (key === undefined) continue
      const placed: readonly number[] = read(placeOf(lane.lane, key, partitions)).flatMap((each): readonly number[] =>
        each.entry.kind === 'key-label' && each.entry.id === entry.id ? [each.entry.number] : [],
      )
      assert.equal(new Set(placed).size, labels.size, `labels of ${entry.id} in ${lane.lane}`)
    }
  }
}
