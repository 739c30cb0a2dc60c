import { useId, useState } from 'preact/hooks'
import { spell } from './check-locally.ts'
import type { Name } from './names.ts'

interface BuilderProps {
  readonly names: readonly Name[]
  /** A whole comparison, to be joined to what is there. */
  readonly onAdd: (condition: string) => void
}

const numeric = { '>': 'is over', '>=': 'is at least', '<': 'is under', '<=': 'is at most', '==': 'is', '!=': 'is not' }
const textual = { '==': 'is', '!=': 'is not', startsWith: 'begins with', contains: 'contains' }

/** Makes a comparison out of a name, a question and a value, for those who don't write conditions. */
export function Builder({ names, onAdd }: BuilderProps) {
  const id = useId()
  const [chosen, setChosen] = useState('amount')
  const [operator, setOperator] = useState('>')
  const [value, setValue] = useState('')
  const name = names.find((each) => each.name === chosen) ?? names[0]
  const lists = names.filter(({ type }) => type === 'list')
  const isNumber = name?.type === 'double' || name?.type === 'int'
  const operators: Readonly<Record<string, string>> = isNumber
    ? numeric
    : { ...textual, ...Object.fromEntries(lists.map((list) => [`in ${list.name}`, `is on ${list.name}`])) }
  const used = Object.hasOwn(operators, operator) ? operator : (Object.keys(operators)[0] ?? '==')
  const condition = name === undefined ? undefined : write(name, used, value, isNumber)
  return (
    <form
      class="builder"
      onSubmit={(event) => {
        event.preventDefault()
        if (condition === undefined) return
        onAdd(condition)
        setValue('')
      }}
    >
      <select
        class="input"
        aria-label="Name"
        value={name?.name}
        onChange={({ currentTarget }) => setChosen(currentTarget.value)}
      >
        {names
          .filter(({ type }) => type !== 'list' && type !== 'timestamp')
          .map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
      </select>
      <select
        class="input"
        aria-label="Comparison"
        value={used}
        onChange={({ currentTarget }) => setOperator(currentTarget.value)}
      >
        {Object.entries(operators).map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
      {!used.startsWith('in ') && (
        <>
          <input
            class="input"
            aria-label="Value"
            list={id}
            inputMode={isNumber ? 'decimal' : 'text'}
            placeholder="value"
            value={value}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
          <datalist id={id}>
            {[...new Set([...(name?.values ?? []), ...(name?.examples ?? [])])].map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
        </>
      )}
      <button type="submit" class="button" disabled={condition === undefined}>
        Add
      </button>
    </form>
  )
}

function write({ name }: Name, operator: string, value: string, isNumber: boolean): string | undefined {
  const given = value.trim()
  if (operator.startsWith('in ')) return `${spell(name)} in ${spell(operator.slice(3))}`
  if (given === '') return undefined
  if (isNumber) {
    // With three digits behind it a comma may group thousands.
    if (!/^[-+]?\d+(?:[.,]\d+)?$/.test(given) || /^[-+]?[1-9]\d{0,2},\d{3}$/.test(given)) return undefined
    const number = Number(given.replace(',', '.'))
    if (!Number.isFinite(number)) return undefined
    return `${spell(name)} ${operator} ${Number.isInteger(number) ? `${number}.0` : number}`
  }
  const text = JSON.stringify(given)
  return /^\w+$/.test(operator) ? `${spell(name)}.${operator}(${text})` : `${spell(name)} ${operator} ${text}`
}
