import type { Diagnostic } from '@codemirror/lint'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { problemOf } from '../../api/problem.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import type { Figures } from '../../policy/backtest.ts'
import { spellKeys, useKeys } from '../../shell/keys.ts'
import { at } from '../../shell/place.ts'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Ready } from '../../ui/states.tsx'
import { Backtest } from './backtest.tsx'
import { Builder } from './builder.tsx'
import { Dictionary } from './dictionary.tsx'
import { changeRule, diffRules, emptyRule, type Rule, type RuleChange, tidy } from './draft.ts'
import { Editor, type EditorHandle } from './editor.tsx'
import { type Name, useNames } from './names.ts'
import { Publish } from './publish.tsx'
import { RuleFields } from './rule-fields.tsx'
import { RuleStanding } from './standing.tsx'
import '../../policy/policy.css'
import './rules.css'

type Checked = paths['/v1/rules/check']['post']['responses']['200']['content']['application/json']
type Found = Checked['problems'][number]

const newId = 'new'
const checkPauseMs = 300

/** One rule: written, tested on what happened, and put in force. */
export default function RulePage({ params: { id = newId } }: PageProps) {
  const isNew = id === newId
  const known = useQuery(`rule ${id}`, (signal) => (isNew ? loadVersion(signal) : loadRule(id, signal)))
  const names = useNames()
  return (
    <Page title={isNew ? 'New rule' : id} above={[['Rules', at(['rules'])]]}>
      <Ready of={names} lines={8}>
        {({ names: dictionary }) => (
          <Ready of={known} lines={8}>
            {({ version, saved }) => (
              <Workbench
                key={JSON.stringify(saved)}
                names={dictionary}
                version={version}
                saved={saved}
                onSaved={known.refresh}
              />
            )}
          </Ready>
        )}
      </Ready>
    </Page>
  )
}

interface Known {
  readonly version: number
  readonly saved: Rule | undefined
}

async function loadRule(id: string, signal: AbortSignal): Promise<Known> {
  const { version, rule } = await ask(client.GET('/v1/rules/{id}', { params: { path: { id } }, signal }))
  return { version, saved: rule }
}

async function loadVersion(signal: AbortSignal): Promise<Known> {
  const { version } = await ask(client.GET('/v1/rules', { signal }))
  return { version, saved: undefined }
}

interface WorkbenchProps {
  readonly names: readonly Name[]
  readonly version: number
  readonly saved: Rule | undefined
  readonly onSaved: () => void
}

function Workbench({ names, version, saved, onSaved }: WorkbenchProps) {
  const [rule, setRule] = useState<Rule>(saved ?? emptyRule)
  const [isPublishing, setPublishing] = useState(false)
  const [figures, setFigures] = useState<Figures>()
  const editor = useRef<EditorHandle | undefined>(undefined)
  const { problems, warnings } = useCheck(rule)
  const canWrite = mayDo('author')
  const change = (some: RuleChange) => setRule((before) => changeRule(before, some))
  const changes = diffRules(saved, tidy(rule))
  const blocking = problems.filter(({ field }) => field !== 'id')
  const isSound = rule.when.trim() !== '' && blocking.length === 0
  const publish = () => {
    if (isSound && changes.length > 0) setPublishing(true)
  }
  const discard = () => {
    setRule(saved ?? emptyRule)
    editor.current?.replace(saved?.when ?? '')
  }
  useKeys(canWrite ? [{ keys: 'mod+s', does: 'Save', whileTyping: true, run: publish }] : [])
  useLeaveWarning(changes.length > 0)
  return (
    <div class="rule-columns">
      <div class="stack wide">
        <section class="panel">
          <header>
            <h2>When</h2>
            <span class="muted small">{rule.when.length > 0 && `${rule.when.length} of 4,096 characters`}</span>
          </header>
          <div class="inside stack">
            <Editor
              initial={rule.when}
              names={names}
              found={diagnosticsOf(problems, warnings)}
              onChange={(when) => change({ when })}
              onReady={(handle) => {
                editor.current = handle
              }}
              isReadOnly={!canWrite}
            />
            {canWrite && (
              <Builder
                names={names}
                onAdd={(condition) =>
                  editor.current?.replace(
                    rule.when.trim() === '' ? condition : `${rule.when.trimEnd()} && ${condition}`,
                  )
                }
              />
            )}
            <Problems
              problems={problems}
              warnings={warnings}
              onReveal={(start, end) => editor.current?.reveal(start, end)}
            />
          </div>
        </section>
        <RuleFields
          rule={rule}
          isNew={saved === undefined}
          onChange={change}
          isReadOnly={!canWrite}
          problems={problems}
        />
        {canWrite && (
          <div class="row save-bar">
            <button type="button" class="button primary" disabled={!isSound || changes.length === 0} onClick={publish}>
              Save … <kbd>{spellKeys('mod+s').join('')}</kbd>
            </button>
            <button type="button" class="button" disabled={changes.length === 0} onClick={discard}>
              Discard
            </button>
            <span class="muted">
              {changes.length === 0
                ? 'Nothing is changed'
                : `${changes.length} ${changes.length === 1 ? 'field is' : 'fields are'} changed`}
            </span>
          </div>
        )}
        {canWrite && <Backtest rule={rule} isNew={saved === undefined} isSound={isSound} onFigures={setFigures} />}
        {saved !== undefined && <RuleStanding id={saved.id} onChanged={onSaved} />}
      </div>
      <Dictionary names={names} onInsert={(text) => editor.current?.insert(text)} />
      {isPublishing && (
        <Publish
          rule={tidy(rule)}
          saved={saved}
          version={version}
          changes={changes}
          figures={figures}
          onClose={() => setPublishing(false)}
          onSaved={onSaved}
        />
      )}
    </div>
  )
}

/** What the service finds wrong with the whole rule; of a text that goes on, the last answer stays until the next. */
function useCheck(rule: Rule): Checked {
  const [checked, setChecked] = useState<Checked>({ problems: [], warnings: [] })
  const text = JSON.stringify(tidy({ ...rule, id: rule.id === '' ? 'draft' : rule.id }))
  useEffect(() => {
    if (rule.when.trim() === '') return setChecked({ problems: [], warnings: [] })
    const abort = new AbortController()
    const timer = window.setTimeout(() => {
      ask(client.POST('/v1/rules/check', { body: JSON.parse(text), signal: abort.signal })).then(
        setChecked,
        (error: unknown) => {
          if (abort.signal.aborted) return
          const { errors, detail } = problemOf(error)
          setChecked({ problems: errors.length > 0 ? [...errors] : [{ field: 'rule', reason: detail }], warnings: [] })
        },
      )
    }, checkPauseMs)
    return () => {
      abort.abort()
      window.clearTimeout(timer)
    }
  }, [text])
  return checked
}

function diagnosticsOf(problems: readonly Found[], warnings: readonly Found[]): readonly Diagnostic[] {
  const make = (severity: 'error' | 'warning') => (found: Found) =>
    found.field !== 'when' || found.at === undefined
      ? []
      : [{ from: found.at.start, to: Math.max(found.at.end, found.at.start + 1), severity, message: found.reason }]
  return [...problems.flatMap(make('error')), ...warnings.flatMap(make('warning'))]
}

interface ProblemsProps {
  readonly problems: readonly Found[]
  readonly warnings: readonly Found[]
  readonly onReveal: (start: number, end: number) => void
}

function Problems({ problems, warnings, onReveal }: ProblemsProps) {
  return (
    <ul class="problems" aria-live="polite">
      {[...problems.map((each) => [each, 'error'] as const), ...warnings.map((each) => [each, 'warning'] as const)].map(
        ([{ field, reason, at: place }, kind]) => (
          <li key={field + reason} class={kind}>
            {place === undefined ? (
              <span>
                <b>{field}</b> {reason}
              </span>
            ) : (
              <button type="button" onClick={() => onReveal(place.start, place.end)}>
                <span class="muted">
                  {place.line}:{place.column}
                </span>{' '}
                {reason}
              </button>
            )}
          </li>
        ),
      )}
    </ul>
  )
}

/** The browser asks before what was written is lost. */
function useLeaveWarning(hasChanges: boolean): void {
  useEffect(() => {
    if (!hasChanges) return undefined
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [hasChanges])
}
