/** Characters that start a formula in a spreadsheet (OWASP, CSV injection). */
const FORMULA = '=+\\-@\\t\\r\\n＝＋－＠'
const MUST_DISARM = new RegExp(`^'*[${FORMULA}]`)
const WAS_DISARMED = new RegExp(`^''*[${FORMULA}]`)

/**
 * Puts an apostrophe before text that a spreadsheet would treat as a formula, and before such an
 * apostrophe, so that it can be removed without loss.
 */
export function escapeFormula(text: string): string {
  return MUST_DISARM.test(text) ? `'${text}` : text
}

export function unescapeFormula(cell: string): string {
  return WAS_DISARMED.test(cell) ? cell.slice(1) : cell
}

/** One record of RFC 4180. Other separators are quoted too, because some locales of spreadsheets use them. */
export function csvLine(cells: (string | number)[]): string {
  return `${cells.map((cell) => quoted(escapeFormula(String(cell)))).join(',')}\r\n`
}

function quoted(cell: string): string {
  return /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
