import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { access } from '../api/client.ts'
import { detector, loadDetector } from '../api/detector.ts'
import { type Problem, problemOf } from '../api/problem.ts'
import { loadWho, logIn, takeOnce } from '../api/who.ts'
import { type PageEntry, pages } from '../pages/index.ts'
import type { PageProps } from '../ui/page-props.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { Toasts, toastProblem } from '../ui/toast.tsx'
import { Help, openHelp } from './help.tsx'
import { useKeys } from './keys.ts'
import { Navigation, Topbar } from './navigation.tsx'
import { openPalette, Palette } from './palette.tsx'
import { addressOf, go, match, path } from './place.ts'
import { SignIn, SignInAgain } from './sign-in.tsx'

/** The console: who is not known signs in, everybody else has the navigation and a page. */
export function App() {
  const [problem, setProblem] = useState<Problem>()
  const state = access.value
  useEffect(() => {
    if (state !== 'refused' && detector.value === undefined)
      begin().then(
        () => setProblem(undefined),
        (error: unknown) => setProblem(problemOf(error)),
      )
  }, [state])
  if (detector.value === undefined) {
    if (state === 'refused') return <SignIn />
    return problem === undefined ? <Loading label="Shrike" /> : <Failed problem={problem} onRetry={retry} />
  }
  return (
    <div class="shell">
      <a class="button skip" href="#main">
        To the page
      </a>
      <Topbar />
      <Navigation />
      <main class="main" id="main" tabIndex={-1}>
        <Current />
      </main>
      {state === 'refused' && <SignInAgain />}
      <Palette />
      <Help />
      <Toasts />
      <ShellKeys />
    </div>
  )
}

async function begin(): Promise<void> {
  const once = takeOnce()
  // A link that was used before lets nobody in, who may still be in by its session.
  if (once !== undefined) await logIn({ once }).catch((error: unknown) => toastProblem(problemOf(error)))
  await Promise.all([loadDetector(), loadWho()])
}

function retry(): void {
  location.reload()
}

function ShellKeys() {
  const group = 'Everywhere'
  useKeys([
    { keys: '?', does: 'These keys', group, run: openHelp },
    { keys: 'mod+k', does: 'Find', group, run: openPalette, whileTyping: true },
    { keys: '/', does: 'Find', group, run: openPalette, isHidden: true },
    ...pages.flatMap(({ title, path: target, menu }) =>
      menu === undefined
        ? []
        : [{ keys: `g ${menu.key}`, does: title, group: 'Go to', run: () => go(addressOf(target)) }],
    ),
  ])
  return null
}

/** The page that the address names. */
function Current() {
  const { value } = path
  for (const entry of pages) {
    const params = match(entry.path, value)
    if (params !== undefined)
      return <Loaded key={`${entry.path}?${JSON.stringify(params)}`} entry={entry} params={params} />
  }
  return (
    <Empty title="There is no such page">
      <a class="text" href={addressOf('/')}>
        To the first one
      </a>
    </Empty>
  )
}

const loaded = new Map<PageEntry, ComponentType<PageProps>>()

function Loaded({ entry, params }: { readonly entry: PageEntry; readonly params: PageProps['params'] }) {
  const [, setRound] = useState(0)
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => {
    if (loaded.has(entry)) return
    entry.load().then(
      ({ default: page }) => {
        loaded.set(entry, page)
        setRound((before) => before + 1)
      },
      (error: unknown) => setProblem(problemOf(error)),
    )
  }, [entry])
  const Known = loaded.get(entry)
  if (Known !== undefined) return <Known params={params} />
  return problem === undefined ? <Loading lines={8} /> : <Failed problem={problem} onRetry={retry} />
}
