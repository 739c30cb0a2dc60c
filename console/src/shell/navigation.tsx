import { isReachable } from '../api/client.ts'
import { pages } from '../pages/index.ts'
import { icons } from '../ui/icons.tsx'
import { openHelp } from './help.tsx'
import { spellKeys } from './keys.ts'
import { isNarrow } from './media.ts'
import { openPalette } from './palette.tsx'
import { addressOf, match, path } from './place.ts'
import { SignedIn } from './signed-in.tsx'
import { chooseTheme, type Theme, theme, themes } from './theme.ts'

const groups = ['Work', 'Decide', 'Watch'] as const
const sidebarId = 'navigation'

/** What is always there: where one can go, and how the service is. */
export function Navigation() {
  const shown = pages.filter(({ menu }) => menu !== undefined)
  const close = () => {
    const sidebar = document.getElementById(sidebarId)
    if (sidebar?.matches(':popover-open')) sidebar.hidePopover()
  }
  return (
    <nav class="sidebar" id={sidebarId} aria-label="Console" {...(isNarrow.value ? { popover: 'auto' as const } : {})}>
      <div class="brand">
        <img src="/console/shrike.svg" alt="" width={22} height={22} /> Shrike
      </div>
      <button type="button" class="quick" onClick={openPalette}>
        <span class="row">{icons.search} Find</span>
        <kbd>{spellKeys('mod+k').join('')}</kbd>
      </button>
      {groups.map((group) => {
        const members = shown.filter(({ menu }) => menu?.group === group)
        if (members.length === 0) return null
        return (
          <div key={group}>
            <h2>{group}</h2>
            <ul>
              {members.map(({ path: target, title, menu }) => (
                <li key={target}>
                  <a href={addressOf(target)} aria-current={isAt(target) ? 'page' : undefined} onClick={close}>
                    {menu !== undefined && icons[menu.icon]}
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
      <footer>
        <Reachable />
        <div class="row">
          <label class="visually-hidden" for="theme">
            Colours
          </label>
          <select
            id="theme"
            class="input"
            value={theme.value}
            onChange={({ currentTarget }) =>
              chooseTheme(themes.find((each): each is Theme => each === currentTarget.value) ?? 'system')
            }
          >
            <option value="system">System colours</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
          <button
            type="button"
            class="button quiet small"
            aria-label="Keyboard help"
            title="Keyboard help (?)"
            onClick={openHelp}
          >
            {icons.help}
          </button>
        </div>
        <SignedIn />
      </footer>
    </nav>
  )
}

/** On a narrow screen: the way to the navigation. */
export function Topbar() {
  return (
    <header class="topbar">
      <button type="button" class="button quiet" aria-label="Navigation" popovertarget={sidebarId}>
        {icons.menu}
      </button>
      <div class="brand">
        <img src="/console/shrike.svg" alt="" width={22} height={22} /> Shrike
      </div>
      <button type="button" class="button quiet" aria-label="Find" onClick={openPalette}>
        {icons.search}
      </button>
    </header>
  )
}

function Reachable() {
  return isReachable.value ? null : (
    <span class="row" role="status">
      <span class="lamp bad" /> The service does not answer
    </span>
  )
}

/** Whether the page in force is this one, or one under it. */
function isAt(target: string): boolean {
  return target === '/'
    ? path.value === '/'
    : match(target, path.value.split('/').slice(0, target.split('/').length).join('/')) !== undefined
}
