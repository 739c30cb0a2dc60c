import { render } from 'preact'
import './style/tokens.css'
import './style/base.css'
import './style/shell.css'
import { App } from './shell/app.tsx'
import { listenForKeys } from './shell/keys.ts'
import { followLinks } from './shell/place.ts'
import { applyTheme } from './shell/theme.ts'

applyTheme()
followLinks()
listenForKeys()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
