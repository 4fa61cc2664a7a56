import { expect, it } from 'vitest'
import { isRefusal } from '../../wp-bridge/client/http/errors.ts'
import { readResponse } from '../../wp-bridge/client/http/response.ts'

const failureOf = (response: Response) =>
  readResponse(response, 'https://site.test').then(
    () => expect.unreachable('it was taken for an answer of WordPress'),
    (error: unknown) => error,
  )

it.each([521, 523, 525, 526])(
  'knows that Cloudflare did not reach the site (%i)',
  async (status) => {
    const error = await failureOf(new Response('<h1>Web server is down</h1>', { status }))
    expect(error).toMatchObject({
      code: 'origin_unreachable',
      outcome: 'not_done',
      retryable: true,
    })
    expect(isRefusal(error)).toBe(false)
  },
)

it.each([520, 522, 524])('reports an unknown outcome (%i)', async (status) => {
  const error = await failureOf(new Response('<h1>Error</h1>', { status }))
  expect(error).toMatchObject({ code: 'server_error', outcome: 'unknown', retryable: true })
})

it.each([
  '<html><head><title>Just a moment...</title></head>',
  '<title>DDoS</title>Checking your browser before accessing site.test',
  '<script>sucuri_cloudproxy_js=""</script>',
  '<script src="/_Incapsula_Resource?SWJIYLWA=1"></script>',
])('recognises a challenge page with status 200: %s', async (page) => {
  const error = await failureOf(new Response(page, { status: 200 }))
  expect(error).toMatchObject({ code: 'blocked_by_firewall', outcome: 'unknown', retryable: true })
})

it('does not mistake a page about challenges for one', async () => {
  const page = `<title>A blog</title>${'<p>x</p>'.repeat(200)}_Incapsula_Resource`
  expect(await failureOf(new Response(page))).toMatchObject({ code: 'html_answer' })
})
