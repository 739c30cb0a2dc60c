import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, who } from '../../api/who.ts'
import { FormDialog, Labelled } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'
import { FourEyes } from './four-eyes.tsx'
import './settings.css'
import { takeFocus } from '../../ui/take-focus.ts'

type User = paths['/v1/users']['get']['responses']['200']['content']['application/json']['users'][number]
type Role = User['roles'][number]

const personRoles = ['viewer', 'analyst', 'author', 'approver', 'admin'] as const satisfies readonly Role[]

/** Who you are, and, for administrators, who else there is. */
export default function Settings() {
  const { principal = '', user, roles = [], endsAt } = who.value ?? {}
  const [isChanging, setChanging] = useState(false)
  return (
    <Page title="Settings">
      <section class="panel">
        <header>
          <h2>You</h2>
          {user !== null && user !== undefined && (
            <button type="button" class="button small" onClick={() => setChanging(true)}>
              Change password
            </button>
          )}
        </header>
        <div class="inside">
          <dl class="facts">
            <dt>name in records</dt>
            <dd>{principal}</dd>
            <dt>roles</dt>
            <dd>{roles.join(', ')}</dd>
            {endsAt !== null && endsAt !== undefined && (
              <>
                <dt>signed in until</dt>
                <dd>
                  <Time at={endsAt} />, unless you do something before
                </dd>
              </>
            )}
          </dl>
          {principal === 'anyone' && (
            <p class="muted">Nobody has to sign in. The first user makes that so, and so does the first key.</p>
          )}
          <p class="muted">
            Keys of programs are made and revoked on the machine of the service: <code>shrike keys</code>.
          </p>
        </div>
      </section>
      <FourEyes />
      {mayDo('admin') && <Users />}
      {isChanging && <ChangePassword onClose={() => setChanging(false)} />}
    </Page>
  )
}

function NewPassword({ name }: { readonly name: string }) {
  return (
    <input
      id={name}
      name={name}
      type="password"
      class="input"
      required
      minLength={12}
      maxLength={256}
      autocomplete="new-password"
    />
  )
}

function ChangePassword({ onClose }: { readonly onClose: () => void }) {
  return (
    <FormDialog
      title="Change password"
      submit="Change"
      onClose={onClose}
      send={(text) =>
        ask(client.POST('/v1/sessions/password', { body: { password: text('password'), newPassword: text('new') } }))
      }
      onDone={() => toast('Your password is changed; everywhere else you are signed out')}
    >
      <Labelled id="password" label="Password">
        <input
          id="password"
          name="password"
          type="password"
          class="input"
          required
          ref={takeFocus}
          autocomplete="current-password"
        />
      </Labelled>
      <Labelled id="new" label="New password" hint="12 to 256 characters">
        <NewPassword name="new" />
      </Labelled>
    </FormDialog>
  )
}

type Asked = { readonly does: 'create' } | { readonly does: 'roles'; readonly user: User }

function Users() {
  const users = useQuery('users', (signal) => ask(client.GET('/v1/users', { signal })))
  const [asked, setAsked] = useState<Asked>()
  return (
    <>
      <Ready of={users} lines={4}>
        {({ users: all }) => (
          <Table
            label="Users"
            columns={[...columns, doColumn(setAsked, users.refresh)]}
            rows={all}
            rowId={({ name }) => name}
            tools={
              <>
                <h2>Users</h2>
                <button type="button" class="button small" onClick={() => setAsked({ does: 'create' })}>
                  New user
                </button>
              </>
            }
            empty={
              <Empty title="No users yet">
                Nobody has to sign in here, unless by a key. With the first user everybody has to.
              </Empty>
            }
          />
        )}
      </Ready>
      {asked !== undefined && (
        <UserDialog
          asked={asked}
          isFirst={users.data?.users.length === 0}
          onClose={() => setAsked(undefined)}
          onDone={users.refresh}
        />
      )}
    </>
  )
}

const columns: readonly Column<User>[] = [
  { name: 'name', title: 'Name', value: ({ name }) => name },
  { name: 'roles', title: 'Roles', value: ({ roles }) => roles.join(' '), cell: ({ roles }) => roles.join(', ') },
  {
    name: 'created',
    title: 'Since',
    width: '180px',
    shownFrom: 'medium',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    name: 'state',
    title: 'State',
    width: '100px',
    value: ({ disabled }) => (disabled ? 'disabled' : 'enabled'),
    cell: ({ disabled }) => (disabled ? <span class="badge decline">disabled</span> : 'enabled'),
  },
]

function doColumn(onAsk: (asked: Asked) => void, onDone: () => void): Column<User> {
  return {
    ...{ name: 'do', title: 'Change', isTitleHidden: true, width: '170px', isSortable: false, isExported: false },
    value: () => null,
    cell: (user) => (
      <span class="row">
        <button type="button" class="button quiet small" onClick={() => onAsk({ does: 'roles', user })}>
          Roles
        </button>
        <Switch user={user} onDone={onDone} />
      </span>
    ),
  }
}

function Switch({ user: { name, disabled }, onDone }: { readonly user: User; readonly onDone: () => void }) {
  const change = useAction(
    () => ask(client.PUT('/v1/users/{name}', { params: { path: { name } }, body: { disabled: !disabled } })),
    {
      said: disabled ? `${name} may sign in again` : `${name} is disabled, and signed out everywhere`,
      then: onDone,
    },
  )
  return (
    <button
      type="button"
      class="button quiet small"
      disabled={change.isRunning}
      onClick={() => void change.run(undefined)}
    >
      {disabled ? 'Enable' : 'Disable'}
    </button>
  )
}

interface UserDialogProps {
  readonly asked: Asked
  readonly isFirst: boolean
  readonly onClose: () => void
  readonly onDone: () => void
}

function UserDialog({ asked, isFirst, onClose, onDone }: UserDialogProps) {
  const [roles, setRoles] = useState<ReadonlySet<Role>>(
    new Set(asked.does === 'roles' ? asked.user.roles : isFirst ? ['admin'] : ['viewer']),
  )
  const toggle = (role: Role) =>
    setRoles(roles.has(role) ? new Set([...roles].filter((each) => each !== role)) : new Set([...roles, role]))
  return (
    <FormDialog
      title={asked.does === 'create' ? 'New user' : `Roles of ${asked.user.name}`}
      submit={asked.does === 'create' ? 'Create' : 'Change'}
      onClose={onClose}
      send={(text) =>
        asked.does === 'create'
          ? ask(
              client.POST('/v1/users', { body: { name: text('name'), password: text('password'), roles: [...roles] } }),
            )
          : ask(
              client.PUT('/v1/users/{name}', {
                params: { path: { name: asked.user.name } },
                body: { roles: [...roles] },
              }),
            )
      }
      onDone={({ name }) => {
        toast(asked.does === 'create' ? `${name} is created` : `${name} has other roles`)
        onDone()
      }}
    >
      {asked.does === 'create' && (
        <>
          {isFirst && (
            <p class="banner">
              From the first user on everybody needs a login or a key: make keys for your programs before.
            </p>
          )}
          <Labelled id="name" label="Name">
            <input
              id="name"
              name="name"
              class="input"
              required
              ref={takeFocus}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
            />
          </Labelled>
          <Labelled id="password" label="Password" hint="12 to 256 characters; they can change it">
            <NewPassword name="password" />
          </Labelled>
        </>
      )}
      <fieldset class="roles">
        <legend>Roles</legend>
        {personRoles.map((role) => (
          <label key={role} class="row">
            <input type="checkbox" checked={roles.has(role)} onChange={() => toggle(role)} /> {role}
          </label>
        ))}
      </fieldset>
    </FormDialog>
  )
}
