import { html } from 'hono/html'
import { htmlPage } from '../http/page.ts'

/** A page with a form. Its token is in the URL's fragment and is sent only with the form. */
type LinkPage = {
  title: string
  button: string
  /** Whether the form asks for the name of a new user. */
  asksName: boolean
  script: string
}

export const INVITATION: LinkPage = {
  title: 'Join igny8',
  button: 'Join',
  asksName: true,
  script: '/invitation.js',
}
export const PASSWORD: LinkPage = {
  title: 'Choose a new password',
  button: 'Save',
  asksName: false,
  script: '/password.js',
}

export function linkPage({ title, button, asksName, script }: LinkPage) {
  const content = html`<h1>${title}</h1>
<form method="post">
${asksName ? NAMES : ''}<label>Password (at least 10 characters)
<input name="password" type="password" autocomplete="new-password" minlength="10" maxlength="200" required></label>
<button disabled>${button}</button>
</form>
<p role="status">This page needs JavaScript.</p>`
  return htmlPage(`${title} · igny8`, content, {
    css: CSS,
    end: html`<script src="${script}"></script>\n`,
  })
}

const CSS = `label { display: block; margin: 1rem 0 }
input { display: block; font: inherit; width: 100%; max-width: 24rem; padding: .4rem; border: 1px solid #667; border-radius: 4px }
button { font: inherit; padding: .4rem 1rem }`

const NAMES = html`<label>First name <input name="first_name" autocomplete="given-name" maxlength="150"></label>
<label>Last name <input name="last_name" autocomplete="family-name" maxlength="150"></label>
`

export const INVITATION_SCRIPT = linkScript(
  'invitations/accept/',
  `'You have joined ' + body.account.name + '.'`,
)
export const PASSWORD_SCRIPT = linkScript('reset_password/', `'Your password was changed.'`)

/** Sends the form to `path` and then shows `done`, a JavaScript expression over the response's `body`. */
function linkScript(path: string, done: string): string {
  return `const form = document.querySelector('form')
const button = form.querySelector('button')
const status = document.querySelector('[role=status]')
const token = location.hash.slice(1)
if (token) {
  button.disabled = false
  status.textContent = ''
} else {
  form.hidden = true
  status.textContent = 'This link is incomplete. Copy the whole link and open it again.'
}
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  const sent = { token, ...Object.fromEntries(new FormData(form)) }
  const answer = await fetch('/api/v1/auth/${path}', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sent),
  })
  const body = await answer.json()
  button.disabled = false
  if (!answer.ok) {
    const faults = (body.errors ?? []).map(({ path, message }) => path + ': ' + message)
    status.textContent = [body.detail, ...faults].join(' ')
    return
  }
  history.replaceState(null, '', location.pathname)
  form.hidden = true
  status.textContent = ${done} + ' Sign in as ' + body.user.email + '.'
})
`
}
