import { expect, it } from 'vitest'
import { apiTypes } from '../../server/client/api-types.ts'
import { describeApi } from '../../server/client/describe-api.ts'
import { type ApiDescription, toolsOf } from '../../server/mcp/tools.ts'

/** What changed for callers is reviewed with the change: `npm run test:unit -- tests/http/api-snapshot -u` records it. */
const same = (text: string, name: string) => expect(text).toMatchFileSnapshot(`snapshots/${name}`)

/** JSON with a line for each member down to `depth`, so that a change shows where it is. */
function lines(value: unknown, depth: number): string {
  if (depth === 0 || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => {
    const text = lines(member, depth - 1)
    return Array.isArray(value) ? text : `${JSON.stringify(name)}: ${text}`
  })
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${members.join(',\n')}\n${close}`
}

it('serves the recorded openapi.json', () => same(`${lines(describeApi(), 4)}\n`, 'openapi.json'))

it('gives the client the recorded types', () => same(apiTypes(describeApi()), 'api.d.ts'))

it('offers the recorded MCP tools', () =>
  same(`${lines(toolsOf(describeApi() as ApiDescription), 2)}\n`, 'mcp-tools.json'))
