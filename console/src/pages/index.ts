import type { ComponentType } from 'preact'
import type { IconName } from '../ui/icons.tsx'
import type { PageProps } from '../ui/page-props.ts'

export interface PageEntry {
  /** With parameters in braces: `/cases/{id}`. */
  readonly path: string
  readonly title: string
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>
  /** Where the navigation shows it, with the key behind `g` that goes there; others are reached from pages. */
  readonly menu?: { readonly group: 'Work' | 'Decide' | 'Watch'; readonly icon: IconName; readonly key: string }
}

/** Every page of the console, in the order of the navigation. A page is a file or a folder here, and a line in this list. */
export const pages: readonly PageEntry[] = [
  {
    path: '/',
    title: 'Now',
    load: () => import('./now/now.tsx'),
    menu: { group: 'Work', icon: 'now', key: 'n' },
  },
  {
    path: '/queue',
    title: 'Queue',
    load: () => import('./queue/queue.tsx'),
    menu: { group: 'Work', icon: 'queue', key: 'q' },
  },
  { path: '/cases/{id}', title: 'Case', load: () => import('./case/case.tsx') },
  {
    path: '/search',
    title: 'Search',
    load: () => import('./search/search.tsx'),
    menu: { group: 'Work', icon: 'search', key: 's' },
  },
  { path: '/keys/{key}/{token}', title: 'Key', load: () => import('./search/key.tsx') },
  {
    path: '/rules',
    title: 'Rules',
    load: () => import('./rules/rules.tsx'),
    menu: { group: 'Decide', icon: 'rules', key: 'r' },
  },
  { path: '/rules/{id}', title: 'Rule', load: () => import('./rules/rule.tsx') },
  { path: '/decisions/{id}', title: 'Decision', load: () => import('./decision/decision.tsx') },
  {
    path: '/lists',
    title: 'Lists',
    load: () => import('./lists/lists.tsx'),
    menu: { group: 'Decide', icon: 'lists', key: 'l' },
  },
  { path: '/lists/{name}', title: 'List', load: () => import('./lists/list.tsx') },
  {
    path: '/thresholds',
    title: 'Thresholds and costs',
    load: () => import('./thresholds/thresholds.tsx'),
    menu: { group: 'Decide', icon: 'thresholds', key: 't' },
  },
  {
    path: '/models',
    title: 'Models',
    load: () => import('./models/models.tsx'),
    menu: { group: 'Watch', icon: 'models', key: 'm' },
  },
  { path: '/models/{id}', title: 'Model', load: () => import('./models/model.tsx') },
  { path: '/jobs/{id}', title: 'Job', load: () => import('./models/job.tsx') },
  {
    path: '/monitoring',
    title: 'Monitoring',
    load: () => import('./monitoring/monitoring.tsx'),
    menu: { group: 'Watch', icon: 'monitoring', key: 'o' },
  },
  {
    path: '/audit',
    title: 'Audit',
    load: () => import('./audit/audit.tsx'),
    menu: { group: 'Watch', icon: 'audit', key: 'a' },
  },
  {
    path: '/settings',
    title: 'Settings',
    load: () => import('./settings/settings.tsx'),
    menu: { group: 'Watch', icon: 'settings', key: ',' },
  },
]
