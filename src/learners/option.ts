import * as read from '../core/option-text.ts'
import { z } from '../core/zod.ts'
import { refuseOption, requireBetween, requireWhole } from './require-option.ts'

/** What an option may be: in a detector file, after a flag, and in code. */
export interface OptionKind<Value> {
  /** What a detector file may say; undefined where only a flag says it. */
  readonly schema: z.ZodType<Value> | undefined
  /** Undefined where commands have it for all learners. */
  readonly flag: OptionFlag | undefined
  /** Refuses, by OPTION_INVALID, what nothing can be learned with. */
  check(name: string, value: Value): void
}

export interface OptionFlag {
  readonly help: string
  /** As help shows it, such as `<number>`; undefined for a flag that stands alone. */
  readonly takes?: string
  /** All that it may be. */
  readonly choices?: readonly string[]
  /** Whether none stands for null. */
  readonly hasNone?: boolean
  readonly read?: (text: string) => unknown
}

export interface LearnerOption<Value> extends OptionKind<Value> {
  readonly default: Value
}

/** The values of options by their declarations. */
export type ValuesOf<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends OptionKind<infer Value> ? Value : never
}

export type LearnerOptionSet = Readonly<Record<string, LearnerOption<unknown>>>

export function option<Value>(initial: NoInfer<Value>, kind: OptionKind<Value>): LearnerOption<Value> {
  return { ...kind, default: initial }
}

/** The options with their defaults, in the order of their declaration. */
export function defaultsOfSet<Options extends LearnerOptionSet>(options: Options): ValuesOf<Options> {
  const defaults = Object.entries(options).map(([name, each]) => [name, each.default])
  return Object.fromEntries(defaults)
}

/** @throws FraudError OPTION_INVALID for a value that an option must not have. */
export function complete<Options extends LearnerOptionSet>(
  options: Options,
  given: Partial<ValuesOf<Options>>,
): ValuesOf<Options> {
  const values = { ...defaultsOfSet(options), ...given }
  const byName: Readonly<Record<string, unknown>> = values
  for (const [name, each] of Object.entries(options)) each.check(name, byName[name])
  return values
}

interface Limits {
  readonly help: string
  readonly takes?: string
  readonly least: number
  /** At most 2^31 - 1 anyway. */
  readonly most?: number
  readonly schema?: z.ZodType<number>
}

/** A whole number. */
export function whole({ help, takes = '<number>', least, most, schema = z.int().min(least) }: Limits) {
  return {
    schema,
    flag: { help, takes, read: read.wholeNumber(least, most) },
    check: (name, value) => requireWhole(name, value, least, most),
  } satisfies OptionKind<number>
}

/** A whole number or null, which a flag calls none if it may be chosen there. */
export function wholeOrNull({ hasNone, ...limits }: Limits & { readonly hasNone: boolean }): OptionKind<number | null> {
  const { schema, flag, check } = whole(limits)
  const readNone = (text: string) => (text === 'none' ? text : flag.read(text))
  return {
    schema: schema.nullable(),
    flag: { ...flag, hasNone, read: hasNone ? readNone : flag.read },
    check: (name, value) => value === null || check(name, value),
  }
}

/** A number above 0 and at most 1. */
export function shareOrOne(help: string, takes = '<share>'): OptionKind<number> {
  return {
    schema: z.number().gt(0).max(1),
    flag: { help, takes, read: read.shareOrOne },
    check: (name, value) => requireBetween(name, value, Number.MIN_VALUE, 1),
  }
}

/** A number from 0 up. */
export function notNegative(help: string, most?: number): OptionKind<number> {
  return {
    schema: most === undefined ? z.number().min(0) : z.number().min(0).max(most),
    flag: { help, takes: '<number>', read: read.notNegative },
    check: (name, value) => requireBetween(name, value, 0, most ?? Number.MAX_VALUE),
  }
}

/** One of some words. */
export function oneOf<const Word extends string>(help: string, words: readonly Word[]): OptionKind<Word> {
  return {
    schema: z.enum(words),
    flag: { help, takes: '<how>', choices: words },
    check(name, value) {
      if (words.includes(value)) return
      throw refuseOption(name, `must be one of ${words.join(', ')}, not ${value}`)
    },
  }
}

/** True or false; its flag says what it is not by default. */
export function yesOrNo(help: string, { inFile = true } = {}): OptionKind<boolean> {
  return { schema: inFile ? z.boolean() : undefined, flag: { help }, check: () => {} }
}
