export type EgressCode =
  | 'egress_bad_url'
  | 'egress_bad_request'
  | 'egress_address_not_allowed'
  | 'egress_dns_failed'
  | 'egress_connect_failed'
  | 'egress_tls_failed'
  | 'egress_timeout'
  | 'egress_too_large'
  | 'egress_redirected'
  | 'egress_failed'

/**
 * Whether the request can have reached the server: `false` when not a byte was written, `true` when
 * the server answered, `'unknown'` in between. A create may be repeated only after `false`.
 */
export type Sent = boolean | 'unknown'

/**
 * A failed call to a user-supplied address. The message names only the origin, because paths and
 * queries may contain secrets. So may the errors of lower layers, which is why there is no `cause`.
 */
export class EgressError extends Error {
  readonly code: EgressCode
  /** What happened: a sentence. */
  readonly problem: string
  /** What to do next: a sentence. */
  readonly remedy: string
  readonly sent: Sent
  constructor(code: EgressCode, problem: string, remedy: string, sent: Sent) {
    super(`${problem} ${remedy}`)
    this.name = 'EgressError'
    this.code = code
    this.problem = problem
    this.remedy = remedy
    this.sent = sent
  }

  /** The same failure after a redirect, when a server had already been reached. */
  afterRedirect(): EgressError {
    return new EgressError(this.code, `After a redirect: ${this.problem}`, this.remedy, true)
  }
}
