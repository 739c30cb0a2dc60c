import { InvalidArgumentError, Option } from 'commander'
import { list } from '../core/option-text.ts'
import { type Learner, learnerOptions, learners } from '../learners/model-choice.ts'
import type { OptionFlag } from '../learners/option.ts'
import { flagOf } from './flag-names.ts'
import { asFlag } from './flags.ts'

export function learnerNames(text: string): readonly Learner[] {
  return list(text).map((name) => {
    const known = learners.find((learner) => learner === name)
    if (known !== undefined) return known
    throw new InvalidArgumentError(`The learners are ${learners.join(', ')}.`)
  })
}

/** The flags of all learners' options, or of those that are named, as the learners say them. */
export function learnerFlags(names: readonly string[] = [...learnerOptions.keys()]): readonly Option[] {
  return names.flatMap((name) => {
    const { flag, default: usual } = learnerOptions.get(name) ?? {}
    return flag === undefined ? [] : [optionOf(name, flag, usual === true)]
  })
}

function optionOf(name: string, { help, takes, choices, read }: OptionFlag, isNegated: boolean): Option {
  const long = isNegated ? flagOf(name).replace('--', '--no-') : flagOf(name)
  const option = new Option(takes === undefined ? long : `${long} ${takes}`, help)
  if (choices !== undefined) option.choices(choices)
  if (read !== undefined) option.argParser(asFlag(read))
  return option
}
